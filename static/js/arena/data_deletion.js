// When voters delete all their data, this also deletes the draft and the choice of models in their browser.
document.getElementById("delete-all").addEventListener("submit", () => {
  localStorage.clear();
  sessionStorage.clear();
});
