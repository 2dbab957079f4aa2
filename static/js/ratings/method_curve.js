// Moves the point on the curve of the method page with the slider below it.
const LEFT = 16;
const RIGHT = 640;
const BOTTOM = 170;
const POINTS_WIDTH = 608 / 400;
const SHARE_HEIGHT = 300;
const LABEL_GAP = 10;

const curve = document.getElementById("curve");
const slider = curve.querySelector("input");
const [guide] = curve.getElementsByClassName("guide");

function move() {
  const lead = Number(slider.value);
  const share = 1 / (1 + 10 ** (-lead / 400));
  const x = LEFT + lead * POINTS_WIDTH;
  const y = BOTTOM - SHARE_HEIGHT * (share - 0.5);
  guide.querySelector("circle").setAttribute("cx", x);
  guide.querySelector("circle").setAttribute("cy", y);
  guide.querySelector("path").setAttribute("d", `M${RIGHT} ${y}H${x}V${BOTTOM}`);
  const text = curve.dataset.text.replace("LEAD", lead ? `+${lead}` : "0").replace("SHARE", Math.round(100 * share));
  const label = guide.querySelector("text");
  const isLeft = x > RIGHT / 2;
  label.textContent = text;
  label.setAttribute("x", x + (isLeft ? -LABEL_GAP : LABEL_GAP));
  label.style.textAnchor = isLeft ? "end" : "start";
  slider.ariaValueText = text;
}

guide.removeAttribute("hidden");
slider.addEventListener("input", move);
move();
