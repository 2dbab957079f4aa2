// Renders streaming Markdown until the server's HTML of the whole answer replaces it.
import { appendElement, renderer } from "./markdown_nodes.js";
import * as smd from "../../../vendor/streaming-markdown/smd.min.js";

const CHARACTERS_PER_FRAME = 1_024; // late readers receive a whole answer at once
const PIECE = /[^\n$[_]{0,255}[\n$[_]|[^\n$[_]{1,256}/uy; // ends after a mark that `#write` may have to handle
const MAYBE_EQUATION = 105; // the parser's state after "$$" or "\["
const ROW = /^ {0,3}(> ?)*\|[^\n]*/; // may be the first row of a table, which the parser takes for one without a second look
const RULER = /^[ >]*\|?( *:?-+:? *\|)* *:?-+:? *\|?\s*$/;
const MAX_RULER_LENGTH = 2_000; // the pattern takes quadratic time
const RULER_START = /^[ >|:\r-]*$/;
const IN_TABLE = new Set([smd.TABLE, smd.TABLE_ROW, smd.TABLE_CELL]);
const IN_CODE = new Set([smd.CODE_BLOCK, smd.CODE_FENCE]);
// In code, formulas, and URLs, a "_" is text. In an emphasis that "_" has begun, it may be the end.
const NO_START = new Set([
  ...IN_CODE, smd.CODE_INLINE, smd.EQUATION_BLOCK, smd.EQUATION_INLINE, smd.RAW_URL, smd.ITALIC_UND, smd.STRONG_UND,
]);
const WORD_END = /[\p{L}\p{N}]$/u;
const NO_EQUATION = /^[\n$),.;:]/; // after "$$", this means prices, or a line break that the parser handles itself

export class MarkdownStream {
  #root;
  #parser;
  #waiting = "";
  #isScheduled = false;
  #isLineStart = true;
  #isAfterBlank = false;
  #isInWord = false; // whether the text so far ends with a letter, a digit, or a "_" after one of them

  // Appends the rendered text to the element. To stop rendering, empty the element.
  constructor(element) {
    this.#root = appendElement(element, "div", "prose");
    this.#parser = smd.parser({ ...renderer, data: { stack: [this.#root], blockElements: 0 } });
  }

  // Renders the text over the next animation frames.
  append(text) {
    this.#waiting += text;
    this.#schedule();
  }

  #schedule() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    requestAnimationFrame(() => this.#grow());
  }

  #grow() {
    this.#isScheduled = false;
    let position = 0;
    while (position < Math.min(CHARACTERS_PER_FRAME, this.#waiting.length)) {
      const isRow = this.#isLineStart ? this.#isTableRow(this.#waiting.slice(position)) : true;
      if (isRow === undefined) break;
      PIECE.lastIndex = position;
      const [piece] = PIECE.exec(this.#waiting);
      this.#write(isRow ? piece : piece.replace("|", "\\|"));
      this.#isAfterBlank = this.#isLineStart && piece === "\n";
      this.#isLineStart = piece.endsWith("\n");
      position += piece.length;
    }
    this.#waiting = this.#waiting.slice(position);
    if (position && this.#waiting && this.#root.isConnected) this.#schedule();
  }

  // Returns whether the parser may take the next line for the row of a table, or undefined if the text so far does not
  // tell. As on the server, the line after the first row must be a ruler.
  #isTableRow(text) {
    const [header] = ROW.exec(text) ?? [];
    const token = this.#parser.tokens[this.#parser.len];
    if (!header || IN_CODE.has(token) || (IN_TABLE.has(token) && !this.#isAfterBlank)) return true;
    const [next, end] = text.slice(header.length + 1).split("\n", 2);
    if (end === undefined && RULER_START.test(next)) return undefined;
    return next.length <= MAX_RULER_LENGTH && RULER.test(next);
  }

  // The parser starts a display formula only at the end of a line, and ends a formula only at its closing mark. Without
  // help, a single "$" would turn the rest of the answer into a formula.
  #write(piece) {
    const { token, pending } = this.#parser;
    if (token === MAYBE_EQUATION && !NO_EQUATION.test(piece)) smd.parser_write(this.#parser, "\n");
    if (token === smd.EQUATION_BLOCK && pending + piece === "\n\n") smd.parser_write(this.#parser, "$$");
    const text = piece.replace(/_$/, "");
    smd.parser_write(this.#parser, text);
    if (text) this.#isInWord = WORD_END.test(text);
    if (text !== piece) smd.parser_write(this.#parser, this.#isInWord && this.#canStartEmphasis() ? "\\_" : "_");
    if (this.#parser.token === smd.EQUATION_INLINE && piece.endsWith("\n")) smd.parser_write(this.#parser, "$");
  }

  // Returns whether the parser might take a "_" for the start of an emphasis. On the server, a "_" after a letter or
  // digit does not start one, so that names such as "my_name" stay as they are.
  #canStartEmphasis() {
    const { tokens, len, pending } = this.#parser;
    return !pending.startsWith("](") && !tokens.slice(0, len + 1).some((token) => NO_START.has(token));
  }
}
