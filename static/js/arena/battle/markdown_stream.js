// Markdown as it grows, until the server's HTML of the whole answer takes its place. The parser is a third party's.
import { child, renderer } from "./markdown_nodes.js";
import * as smd from "../../../vendor/streaming-markdown/smd.min.js";

const PER_FRAME = 1_024; // characters: a late reader gets a whole answer at once
const PIECE = /[^\n$[]{0,255}[\n$[]|[^\n$[]{1,256}/uy; // up to where the parser may need help; never half a character
const MAYBE_EQUATION = 105; // the parser's own name for its state after "$$" or "\["
const NO_EQUATION = /^[\n$),.;:]/; // after "$$" in a text about prices, or where the parser knows by itself

export class Growing {
  #root;
  #parser;
  #waiting = "";

  // Shows itself at the end of the element; whoever empties the element is rid of it.
  constructor(element) {
    this.#root = child(element, "div", "prose");
    this.#parser = smd.parser({ ...renderer, data: { open: [this.#root], made: 0 } });
  }

  // Parses and shows it within the next frames, a little in each.
  append(text) {
    if (!this.#waiting) requestAnimationFrame(() => this.#grow());
    this.#waiting += text;
  }

  #grow() {
    let at = 0;
    while (at < Math.min(PER_FRAME, this.#waiting.length)) {
      PIECE.lastIndex = at;
      const [piece] = PIECE.exec(this.#waiting);
      this.#write(piece);
      at += piece.length;
    }
    this.#waiting = this.#waiting.slice(at);
    if (this.#waiting && this.#root.isConnected) requestAnimationFrame(() => this.#grow());
  }

  // To the parser a display begins only at the end of a line, and any formula lasts until it is closed: a lone "$" would
  // swallow the rest of the answer.
  #write(piece) {
    const { token, pending } = this.#parser;
    if (token === MAYBE_EQUATION && !NO_EQUATION.test(piece)) smd.parser_write(this.#parser, "\n");
    if (token === smd.EQUATION_BLOCK && pending + piece === "\n\n") smd.parser_write(this.#parser, "$$");
    smd.parser_write(this.#parser, piece);
    if (this.#parser.token === smd.EQUATION_INLINE && piece.endsWith("\n")) smd.parser_write(this.#parser, "$");
  }
}
