package signin

import (
	"net/http"

	"go.uber.org/zap"

	"curfew/starter/page"
)

// account shows who is signed in.
func (d *Door) account(w http.ResponseWriter, r *http.Request) error {
	session, ok := d.Current(r)
	if !ok {
		return d.frame.Show(w, http.StatusOK, accountPage, page.View{Title: "Not signed in"})
	}
	return d.frame.Show(w, http.StatusOK, accountPage, page.View{
		Title: "Signed in", Viewer: d.Viewer(session), Here: PathAccount,
		Content: struct {
			Session
			Until page.Moment
		}{session, page.Moment{At: session.Ends, Now: d.sessions.now()}},
	})
}

// signOut ends the session, if one of its own pages says so.
func (d *Door) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := page.ReadForm(w, r); err != nil {
		return err
	}
	if session, ok := d.Current(r); ok {
		if err := page.CheckForm(r, session.FormToken); err != nil {
			return err
		}
		d.log.Info("signed out", zap.String("person", session.Caller.Person))
	}
	d.end(r)
	d.cookies.take(w, sessionCookie)
	http.Redirect(w, r, d.frame.Path(PathAccount), http.StatusSeeOther)
	return nil
}
