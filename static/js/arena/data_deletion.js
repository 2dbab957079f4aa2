// Deleting all data also deletes what this browser stores: the draft and the choice of models.
document.getElementById("delete-all").addEventListener("submit", () => {
  localStorage.clear();
  sessionStorage.clear();
});
