// Shows the passwords in a form while its box "Show password" is checked.
for (const box of document.getElementsByClassName("show-password")) {
  box.addEventListener("change", () => {
    for (const field of box.form.querySelectorAll('[autocomplete$="password"]')) {
      field.type = box.checked ? "text" : "password";
    }
  });
}
