// Renders Markdown as it grows, until the server's HTML of the whole answer replaces it. The parser is third-party.
import { appendElement, renderer } from "./markdown_nodes.js";
import * as smd from "../../../vendor/streaming-markdown/smd.min.js";

const CHARACTERS_PER_FRAME = 1_024; // a late reader receives a whole answer at once
const PIECE = /[^\n$[]{0,255}[\n$[]|[^\n$[]{1,256}/uy; // up to a mark that may need help; whole characters
const MAYBE_EQUATION = 105; // the parser's state after "$$" or "\["
const NO_EQUATION = /^[\n$),.;:]/; // follows "$$" in a text about prices, or where the parser needs no help

export class Growing {
  #root;
  #parser;
  #waiting = "";

  // Renders at the end of the element. Emptying the element ends the rendering.
  constructor(element) {
    this.#root = appendElement(element, "div", "prose");
    this.#parser = smd.parser({ ...renderer, data: { stack: [this.#root], blockElements: 0 } });
  }

  // Parses and renders the text over the next frames, a part in each.
  append(text) {
    if (!this.#waiting) requestAnimationFrame(() => this.#grow());
    this.#waiting += text;
  }

  #grow() {
    let position = 0;
    while (position < Math.min(CHARACTERS_PER_FRAME, this.#waiting.length)) {
      PIECE.lastIndex = position;
      const [piece] = PIECE.exec(this.#waiting);
      this.#write(piece);
      position += piece.length;
    }
    this.#waiting = this.#waiting.slice(position);
    if (this.#waiting && this.#root.isConnected) requestAnimationFrame(() => this.#grow());
  }

  // The parser begins a displayed formula only at the end of a line, and ends no formula before its closing mark: a
  // single "$" would swallow the rest of the answer.
  #write(piece) {
    const { token, pending } = this.#parser;
    if (token === MAYBE_EQUATION && !NO_EQUATION.test(piece)) smd.parser_write(this.#parser, "\n");
    if (token === smd.EQUATION_BLOCK && pending + piece === "\n\n") smd.parser_write(this.#parser, "$$");
    smd.parser_write(this.#parser, piece);
    if (this.#parser.token === smd.EQUATION_INLINE && piece.endsWith("\n")) smd.parser_write(this.#parser, "$");
  }
}
