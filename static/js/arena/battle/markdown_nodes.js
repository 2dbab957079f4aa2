// The nodes of Markdown that grows, from a fixed list and never out of HTML. The parser asks for them.
import * as smd from "../../../vendor/streaming-markdown/smd.min.js";

const TAGS = new Map([
  [smd.PARAGRAPH, "p"], [smd.BLOCKQUOTE, "blockquote"], [smd.LINE_BREAK, "br"], [smd.RULE, "hr"],
  [smd.ITALIC_AST, "em"], [smd.ITALIC_UND, "em"], [smd.STRONG_AST, "strong"],
  [smd.STRONG_UND, "strong"], [smd.STRIKE, "s"], [smd.CODE_INLINE, "code"], [smd.CODE_BLOCK, "code"],
  [smd.CODE_FENCE, "code"], [smd.LINK, "a"], [smd.RAW_URL, "a"], [smd.IMAGE, "a"], [smd.LIST_UNORDERED, "ul"],
  [smd.LIST_ORDERED, "ol"], [smd.LIST_ITEM, "li"], [smd.CHECKBOX, "span"], [smd.TABLE, "table"], [smd.TABLE_ROW, "tr"],
  [smd.TABLE_CELL, "td"], [smd.EQUATION_BLOCK, "span"], [smd.EQUATION_INLINE, "span"],
]);
const HEADINGS = [smd.HEADING_1, smd.HEADING_2, smd.HEADING_3, smd.HEADING_4, smd.HEADING_5, smd.HEADING_6];
const LEVEL = 2; // of the heading above an answer; those in it follow without a gap, as in the server's HTML
const DEEPEST = 20; // elements inside each other
const MOST_IN_BLOCK = 1_000; // elements; browsers lay out all of a paragraph or a table again when it grows
const TEXT_NODE = 1_024; // characters: what is appended to a text node makes the browser shape all of it again
const OWN_DIRECTION = new Set(["UL", "OL", "BLOCKQUOTE", "TABLE"]); // in answers of two languages
const LONGEST_HOST = 60; // characters; of more the end is shown, which says whose it is
const AFTER_HOST = /^(:\d+)?([/?#]\S*)?$/;
const ADDRESS = /^(https?:\/\/|mailto:)\S+/i;

export function child(parent, tag, className) {
  const made = parent.appendChild(document.createElement(tag));
  if (className) made.className = className;
  return made;
}

// What may scroll sideways must be reachable by keyboard.
function scrollable(made) {
  made.tabIndex = 0;
  return made;
}

// The element around that of a token.
function place(type, parent) {
  if (type === smd.TABLE) return scrollable(child(parent, "div", "table"));
  if (type === smd.CODE_BLOCK || type === smd.CODE_FENCE) return scrollable(child(parent, "pre"));
  if (type === smd.TABLE_ROW && parent.tagName === "TABLE") {
    return parent.tBodies[0] ?? child(parent, parent.tHead ? "tbody" : "thead");
  }
  return parent;
}

function heading(shown, depth) {
  shown.level = Math.min(6, depth + LEVEL, (shown.level ?? LEVEL) + 1);
  return `h${shown.level}`;
}

function tagOf(shown, type, parent) {
  const depth = HEADINGS.indexOf(type) + 1;
  if (depth) return heading(shown, depth);
  if (type === smd.TABLE_CELL && parent.parentNode?.tagName === "THEAD") return "th";
  const tag = TAGS.get(type) ?? "span";
  return tag === "a" && parent.closest("a") ? "span" : tag;
}

// An address at this very host, with or without its scheme; as in the server's HTML.
function showsHost(text, host) {
  const address = text.trim().toLowerCase().replace(/^(https?:\/\/|mailto:)/, "");
  return address.startsWith(host) && AFTER_HOST.test(address.slice(host.length));
}

// Beside a text that says something else, for it may name another host than the link leads to.
function showHost(link) {
  const host = (link.hostname || link.pathname).toLowerCase();
  if (!host || showsHost(link.textContent, host)) return;
  link.after(" ");
  const cut = host.length <= LONGEST_HOST ? host : `…${host.slice(-LONGEST_HOST)}`;
  child(link.parentNode, "span", "host").textContent = `(${cut})`;
}

function element(shown, type, around) {
  const parent = place(type, around);
  const made = child(parent, tagOf(shown, type, parent));
  if (OWN_DIRECTION.has(made.tagName)) made.dir = "auto";
  if (type === smd.EQUATION_INLINE) made.className = "math";
  if (type === smd.EQUATION_BLOCK) made.className = "math math-display";
  if (type === smd.CHECKBOX) made.textContent = "[ ]";
  return made;
}

// The seam of the parser. Each open token has its element on the stack, the innermost one last. Where there are too many
// elements, or they lie too deep, what comes goes into the last one.
export const renderer = {
  add_token(shown, type) {
    const around = shown.open.at(-1);
    if (shown.open.length === 1) shown.made = 0;
    shown.made += 1;
    const full = shown.open.length > DEEPEST || shown.made > MOST_IN_BLOCK;
    shown.open.push(full ? around : element(shown, type, around));
  },
  end_token({ open }) {
    if (open.length === 1) return;
    const made = open.pop();
    if (made.tagName === "A" && made !== open.at(-1)) showHost(made);
  },
  add_text({ open }, text) {
    const { lastChild } = open.at(-1);
    if (lastChild instanceof Text && (lastChild.length < TEXT_NODE || !/^\s/.test(text))) lastChild.appendData(text);
    else open.at(-1).append(text);
  },
  set_attr({ open }, type, value) {
    const made = open.at(-1);
    const [address] = ADDRESS.exec(value.trim()) ?? [];
    if (type === smd.CHECKED && made.tagName === "SPAN") made.textContent = "[x]";
    if (type === smd.START && made.tagName === "OL") made.start = Number.parseInt(value, 10);
    if (address && made.tagName === "A") {
      made.href = address;
      made.rel = "noopener noreferrer nofollow ugc";
    }
  },
};
