// Shows the name of the chosen file, because the browser's own control is invisible.
const input = document.getElementById("file");

input.addEventListener("change", () => {
  if (input.files.length) input.previousElementSibling.textContent = input.files[0].name;
});
