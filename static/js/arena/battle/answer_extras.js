// Dresses a finished answer: a button copies each piece of code, and KaTeX, fetched when first needed, sets the formulas.
const COPIED_MS = 2_000;
// What is beyond these stays TeX, which can be read too: KaTeX takes a minute for a macro of a thousand characters that
// is used two hundred times, and browsers crash on elements that lie a thousand deep.
const LONGEST_FORMULA = 2_000; // characters
const LONGEST_TOGETHER = 20_000; // characters of the formulas of one answer
const DEEPEST = 150; // elements inside each other
const MACROS = /\\([egx]?def|(re)?newcommand|providecommand|let|futurelet)(?![a-z])/i;
const SLICE_MS = 10; // a page full of formulas must not hold up whoever types
const OPTIONS = {
  throwOnError: false, strict: false, trust: false, errorColor: "currentColor", maxExpand: 200, maxSize: 20,
};
let fetched;

export function dress(element) {
  for (const pre of element.querySelectorAll("pre")) offerCopy(pre);
  const formulas = withinBounds(element.querySelectorAll(".math"));
  const { katexJs, katexCss } = document.getElementById("battle")?.dataset ?? {};
  if (formulas.length && katexJs) typeset(formulas, katexJs, katexCss).catch(() => {});
}

function offerCopy(pre) {
  const button = document.getElementById("copy")?.content.firstElementChild.cloneNode(true);
  if (!button || pre.closest(".code")) return;
  const label = button.textContent;
  const box = document.createElement("div");
  box.className = "code";
  pre.replaceWith(box);
  box.append(pre, button);
  button.addEventListener("click", async () => {
    if (!(await copied(pre))) return;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, COPIED_MS);
  });
}

// Browsers know the clipboard only on secure pages; a team's own server may well be plain HTTP.
async function copied(pre) {
  try {
    await navigator.clipboard.writeText(pre.textContent.trimEnd());
    return true;
  } catch {
    getSelection().selectAllChildren(pre);
    return document.execCommand("copy");
  }
}

function withinBounds(formulas) {
  let room = LONGEST_TOGETHER;
  return [...formulas].filter(({ textContent: tex }) => {
    if (tex.length > Math.min(room, LONGEST_FORMULA) || MACROS.test(tex)) return false;
    room -= tex.length;
    return true;
  });
}

async function typeset(formulas, js, css) {
  fetched ??= Promise.all([import(js), stylesheet(css)]);
  await fetched;
  let end = performance.now() + SLICE_MS;
  for (const formula of formulas) {
    if (performance.now() > end) {
      await new Promise(requestAnimationFrame);
      end = performance.now() + SLICE_MS;
    }
    set(formula);
  }
  // What scrolls sideways must be reachable by keyboard.
  for (const formula of formulas) {
    if (formula.scrollWidth > formula.clientWidth && formula.matches(".math-display")) formula.tabIndex = 0;
  }
}

function stylesheet(href) {
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    link.addEventListener("load", resolve);
    link.addEventListener("error", reject);
    document.head.append(link);
  });
}

function set(formula) {
  const displayMode = formula.classList.contains("math-display");
  try {
    const tree = globalThis.katex.__renderToDomTree(formula.textContent, { ...OPTIONS, displayMode });
    setAside(tree, DEEPEST);
    formula.replaceChildren(tree.toNode());
    for (const styled of formula.querySelectorAll("[data-style]")) {
      styled.style.cssText = styled.dataset.style;
      styled.removeAttribute("data-style");
    }
  } catch {
    // Too deep, for us or for the stack.
  }
}

// KaTeX writes some styles as attributes, which the policy of the page refuses. As properties they are welcome.
function setAside(tree, room) {
  if (!room) throw new RangeError("too deep");
  if (tree.attributes?.style) {
    tree.attributes["data-style"] = tree.attributes.style;
    delete tree.attributes.style;
  }
  tree.children?.forEach((child) => setAside(child, room - 1));
}
