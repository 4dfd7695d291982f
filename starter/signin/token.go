package signin

import (
	"net/http"

	"curfew/internal/identity"
	"curfew/starter/page"
	"curfew/workflows/contract"
)

// tokenForm is what the page for signing in with a token shows.
type tokenForm struct {
	Next    string
	Problem *contract.Problem
}

// askForToken shows the form in which somebody signs in where there is no provider.
func (h *Handler) askForToken(w http.ResponseWriter, r *http.Request) error {
	next, err := within(r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	return h.frame.Show(w, http.StatusOK, tokenPage, page.View{Title: "Sign in", Content: tokenForm{Next: next}})
}

// takeToken begins a session for the person whose token was typed. What was typed is never shown again.
func (h *Handler) takeToken(w http.ResponseWriter, r *http.Request) error {
	defer h.limits.Body(w, r)()
	if err := page.ReadForm(w, r); err != nil {
		return err
	}
	next, err := within(r.PostForm.Get("next"))
	if err != nil {
		return err
	}
	directory := h.directory()
	caller, err := h.callers.Authenticate(r.Context(), directory, r.PostForm.Get("token"))
	if err != nil || caller.Means != identity.MeansToken {
		if tooMany := h.limits.Stranger(r); tooMany != nil {
			return tooMany
		}
		problem := contract.Forbidden("it is no person's token").
			At("token").
			Advise("type the token that the configuration has for you; ask an administrator if there is none")
		h.frame.Log(r, http.StatusForbidden, problem)
		return h.frame.Show(
			w,
			http.StatusForbidden,
			tokenPage,
			page.View{Title: "Sign in", Content: tokenForm{next, problem}},
		)
	}
	h.begin(w, r, caller, directory.People[caller.Person])
	http.Redirect(w, r, h.frame.Path(next), http.StatusSeeOther) //nolint:gosec // it is a path of Curfew's
	return nil
}
