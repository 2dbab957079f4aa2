// Adds heads with a language and a copy button to the code of a finished answer, and typesets its formulas with KaTeX, which is loaded on demand.
const COPIED_MS = 2_000;
// Formulas beyond these limits stay TeX. KaTeX takes a minute for a macro of a thousand characters that is used two
// hundred times, and browsers crash if elements are nested a thousand deep.
const MAX_FORMULA_LENGTH = 2_000; // characters
const MAX_TOTAL_LENGTH = 20_000; // characters in all formulas of an answer
const MAX_DEPTH = 150; // nested elements
const MACROS = /\\([egx]?def|(re)?newcommand|providecommand|let|futurelet)(?![a-z])/i;
const SLICE_MS = 10; // longer tasks would delay typing
const OPTIONS = {
  throwOnError: false, strict: false, trust: false, errorColor: "currentColor", maxExpand: 200, maxSize: 20,
};
let katexLoaded;

export function enhanceAnswer(element) {
  for (const pre of element.querySelectorAll("pre")) addCodeHead(pre);
  const formulas = selectFormulas(element.querySelectorAll(".math"));
  const { katexJs, katexCss } = document.getElementById("battle")?.dataset ?? {};
  if (formulas.length && katexJs) typeset(formulas, katexJs, katexCss).catch(() => {});
}

function addCodeHead(pre) {
  const button = document.getElementById("copy")?.content.firstElementChild.cloneNode(true);
  if (!button || pre.closest(".code")) return;
  const label = button.textContent;
  const box = document.createElement("div");
  box.className = "code";
  box.dataset.language = /language-(\S+)/.exec(pre.firstElementChild?.className)?.[1] ?? "";
  pre.replaceWith(box);
  box.append(pre, button);
  button.addEventListener("click", async () => {
    if (!(await copyText(pre))) return;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, COPIED_MS);
  });
}

// Returns whether the copy succeeded. The clipboard API needs a secure page, but a team's server may use plain HTTP.
async function copyText(pre) {
  try {
    await navigator.clipboard.writeText(pre.textContent.trimEnd());
    return true;
  } catch {
    getSelection().selectAllChildren(pre);
    return document.execCommand("copy");
  }
}

// Returns the formulas that are within all limits.
function selectFormulas(formulas) {
  let remaining = MAX_TOTAL_LENGTH;
  return [...formulas].filter(({ textContent: tex }) => {
    if (tex.length > Math.min(remaining, MAX_FORMULA_LENGTH) || MACROS.test(tex)) return false;
    remaining -= tex.length;
    return true;
  });
}

async function typeset(formulas, js, css) {
  katexLoaded ??= Promise.all([import(js), loadStylesheet(css)]);
  await katexLoaded;
  let sliceEnd = performance.now() + SLICE_MS;
  for (const formula of formulas) {
    if (performance.now() > sliceEnd) {
      await new Promise(requestAnimationFrame);
      sliceEnd = performance.now() + SLICE_MS;
    }
    renderFormula(formula);
  }
  // Elements that scroll sideways must be reachable by keyboard.
  for (const formula of formulas) {
    if (formula.scrollWidth > formula.clientWidth && formula.matches(".math-display")) formula.tabIndex = 0;
  }
}

function loadStylesheet(href) {
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    link.addEventListener("load", resolve);
    link.addEventListener("error", reject);
    document.head.append(link);
  });
}

function renderFormula(formula) {
  const displayMode = formula.classList.contains("math-display");
  try {
    const tree = globalThis.katex.__renderToDomTree(formula.textContent, { ...OPTIONS, displayMode });
    renameStyles(tree, MAX_DEPTH);
    formula.replaceChildren(tree.toNode());
    for (const styled of formula.querySelectorAll("[data-style]")) {
      styled.style.cssText = styled.dataset.style;
      styled.removeAttribute("data-style");
    }
  } catch {
    // The tree is deeper than MAX_DEPTH, or too deep for the call stack.
  }
}

// KaTeX writes some styles as attributes. The page's content security policy blocks these, but it allows scripts to set
// style properties.
function renameStyles(tree, depth) {
  if (!depth) throw new RangeError("too deep");
  if (tree.attributes?.style) {
    tree.attributes["data-style"] = tree.attributes.style;
    delete tree.attributes.style;
  }
  tree.children?.forEach((child) => renameStyles(child, depth - 1));
}
