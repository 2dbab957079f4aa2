// Moves the point on the curve of the method page with the slider below it.
const LEFT = 52;
const BOTTOM = 170;
const POINTS_WIDTH = 572 / 800;
const SHARE_HEIGHT = 150;
const MOST_LABEL_LEFT = 612;

const curve = document.getElementById("curve");
const slider = curve.querySelector("input");
const output = curve.querySelector("output");
const [guide] = curve.getElementsByClassName("guide");

function move() {
  const lead = Number(slider.value);
  const share = 1 / (1 + 10 ** (-lead / 400));
  const x = LEFT + (lead + 400) * POINTS_WIDTH;
  const y = BOTTOM - SHARE_HEIGHT * share;
  guide.querySelector("circle").setAttribute("cx", x);
  guide.querySelector("circle").setAttribute("cy", y);
  guide.querySelector("path").setAttribute("d", `M${LEFT} ${y}H${x}V${BOTTOM}`);
  const label = guide.querySelector("text");
  label.setAttribute("x", Math.min(x + 12, MOST_LABEL_LEFT));
  label.setAttribute("y", y + 20);
  label.textContent = `${Math.round(100 * share)}%`;
  const points = `${lead > 0 ? "+" : ""}${lead}`.replace("-", "\u2212");
  output.value = output.dataset.text.replace("LEAD", points).replace("SHARE", Math.round(100 * share));
}

guide.removeAttribute("hidden");
slider.addEventListener("input", move);
move();
