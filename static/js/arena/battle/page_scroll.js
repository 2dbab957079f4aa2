// Scrolls the page while answers grow. Readers at the end of the page stay there. After a follow-up, the page moves on
// until the new question is at the top. All other readers are not moved.
const SLACK_PX = 24;
const page = document.documentElement;
const observed = new WeakSet();
let target = null; // a question, or the whole page for its end
let ownPosition = -1; // where this script has scrolled to

const isAtEnd = () => scrollY > 0 && page.scrollHeight - innerHeight - scrollY <= SLACK_PX;

function scrollToTarget() {
  if (target === page) scrollTo(0, page.scrollHeight);
  else target?.scrollIntoView();
  ownPosition = scrollY;
}

addEventListener("scroll", () => {
  if (Math.abs(scrollY - ownPosition) > 1) target = isAtEnd() ? page : null;
}, { passive: true });

const observer = new ResizeObserver((entries) => {
  if (target && entries.some((entry) => entry.target.ariaBusy)) scrollToTarget();
});

export function followGrowth(answer) {
  if (!observed.has(answer)) observer.observe(answer);
  observed.add(answer);
}

export function scrollToQuestion(question) {
  target = question;
  scrollToTarget();
}
