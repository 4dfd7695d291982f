package signin

import (
	"net/http"

	"go.uber.org/zap"

	"curfew/starter/page"
)

// account shows who is signed in.
func (h *Handler) account(w http.ResponseWriter, r *http.Request) error {
	session, ok := h.Current(r)
	if !ok {
		return h.frame.Show(w, http.StatusOK, accountPage, page.View{Title: "Not signed in"})
	}
	return h.frame.Show(w, http.StatusOK, accountPage, page.View{
		Title: "Signed in", Viewer: h.Viewer(session), Here: PathAccount,
		Content: struct {
			Session
			Until page.Moment
		}{session, page.Moment{At: session.Ends, Now: h.sessions.now()}},
	})
}

// signOut ends the session, if one of its own pages says so.
func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := page.ReadForm(w, r); err != nil {
		return err
	}
	if session, ok := h.Current(r); ok {
		if err := page.CheckForm(r, session.FormToken); err != nil {
			return err
		}
		h.log.Info("signed out", zap.String("person", session.Caller.Person))
	}
	h.end(r)
	h.cookies.take(w, sessionCookie)
	http.Redirect(w, r, h.frame.Path(PathAccount), http.StatusSeeOther)
	return nil
}
