// Creates the DOM nodes of streaming Markdown. It creates only elements from a fixed list, and never parses HTML.
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
const BASE_LEVEL = 2; // the level of the heading above an answer; as in the server's HTML, no level is skipped
const MAX_DEPTH = 20; // nested elements
const MAX_BLOCK_ELEMENTS = 1_000; // when a paragraph or table grows, browsers lay out all of it again
const MAX_TEXT_NODE = 1_024; // characters; when a text node grows, browsers shape all of it again
const OWN_DIRECTION = new Set(["UL", "OL", "BLOCKQUOTE", "TABLE"]); // for answers in two languages
const MAX_HOST_LENGTH = 60; // characters; only the end of a longer host is shown, because it identifies the owner
const AFTER_HOST = /^(:\d+)?([/?#]\S*)?$/;
const ADDRESS = /^(https?:\/\/|mailto:)\S+/i;

export function appendElement(parent, tag, className) {
  const element = parent.appendChild(document.createElement(tag));
  if (className) element.className = className;
  return element;
}

// Elements that may scroll sideways must be reachable by keyboard.
function makeScrollable(element) {
  element.tabIndex = 0;
  return element;
}

// Returns the parent element for a token, with a wrapper if the token needs one.
function parentFor(type, parent) {
  if (type === smd.TABLE) return makeScrollable(appendElement(parent, "div", "table"));
  if (type === smd.CODE_BLOCK || type === smd.CODE_FENCE) return makeScrollable(appendElement(parent, "pre"));
  if (type === smd.TABLE_ROW && parent.tagName === "TABLE") {
    return parent.tBodies[0] ?? appendElement(parent, parent.tHead ? "tbody" : "thead");
  }
  return parent;
}

function headingTag(state, depth) {
  state.level = Math.min(6, depth + BASE_LEVEL, (state.level ?? BASE_LEVEL) + 1);
  return `h${state.level}`;
}

function tagFor(state, type, parent) {
  const depth = HEADINGS.indexOf(type) + 1;
  if (depth) return headingTag(state, depth);
  if (type === smd.TABLE_CELL && parent.parentNode?.tagName === "THEAD") return "th";
  const tag = TAGS.get(type) ?? "span";
  return tag === "a" && parent.closest("a") ? "span" : tag;
}

// Returns whether a text is a URL with exactly this host, as the server does. The scheme may be missing.
function isHostShown(text, host) {
  const address = text.trim().toLowerCase().replace(/^(https?:\/\/|mailto:)/, "");
  return address.startsWith(host) && AFTER_HOST.test(address.slice(host.length));
}

// Adds the host after a link whose text does not show it, because the text may name another host.
function appendHost(link) {
  const host = (link.hostname || link.pathname).toLowerCase();
  if (!host || isHostShown(link.textContent, host)) return;
  link.after(" ");
  const label = host.length <= MAX_HOST_LENGTH ? host : `…${host.slice(-MAX_HOST_LENGTH)}`;
  appendElement(link.parentNode, "span", "host").textContent = `(${label})`;
}

function createElement(state, type, container) {
  const parent = parentFor(type, container);
  const element = appendElement(parent, tagFor(state, type, parent));
  if (OWN_DIRECTION.has(element.tagName)) element.dir = "auto";
  if (type === smd.EQUATION_INLINE) element.className = "math";
  if (type === smd.EQUATION_BLOCK) element.className = "math math-display";
  if (type === smd.CHECKBOX) element.textContent = "[ ]";
  return element;
}

// The renderer that the parser calls. `stack` contains the element of each open token, with the innermost one last.
// When a limit on elements or depth is reached, further content goes into the last element.
export const renderer = {
  add_token(state, type) {
    const container = state.stack.at(-1);
    if (state.stack.length === 1) state.blockElements = 0;
    state.blockElements += 1;
    const isFull = state.stack.length > MAX_DEPTH || state.blockElements > MAX_BLOCK_ELEMENTS;
    state.stack.push(isFull ? container : createElement(state, type, container));
  },
  end_token({ stack }) {
    if (stack.length === 1) return;
    const element = stack.pop();
    if (element.tagName === "A" && element !== stack.at(-1)) appendHost(element);
  },
  add_text({ stack }, text) {
    const { lastChild } = stack.at(-1);
    const fits = lastChild instanceof Text && (lastChild.length < MAX_TEXT_NODE || !/^\s/.test(text));
    if (fits) lastChild.appendData(text);
    else stack.at(-1).append(text);
  },
  set_attr({ stack }, type, value) {
    const element = stack.at(-1);
    const [address] = ADDRESS.exec(value.trim()) ?? [];
    if (type === smd.CHECKED && element.tagName === "SPAN") element.textContent = "[x]";
    if (type === smd.START && element.tagName === "OL") element.start = Number.parseInt(value, 10);
    if (address && element.tagName === "A") {
      element.href = address;
      element.rel = "noopener noreferrer nofollow ugc";
    }
  },
};
