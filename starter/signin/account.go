package signin

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"curfew/internal/identity"
	"curfew/workflows/contract"
)

// account shows who is signed in.
func (d *Door) account(w http.ResponseWriter, r *http.Request) error {
	session, ok := d.Current(r)
	if !ok {
		return d.show(w, http.StatusOK, view{Title: "Not signed in"})
	}
	return d.show(w, http.StatusOK, view{Title: "Signed in", Session: &session})
}

// signOut ends the session, if one of its own pages says so.
func (d *Door) signOut(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	session, ok := d.Current(r)
	if ok && subtle.ConstantTimeCompare([]byte(r.PostFormValue("form")), []byte(session.FormToken)) != 1 {
		return contract.Problemf(contract.KindForbidden, "", "open "+PathAccount+" and sign out there", "the form is not of this session")
	}
	d.end(r)
	takeCookie(w, sessionCookie)
	if ok {
		d.log.Info("signed out", zap.String("person", session.Caller.Person))
	}
	http.Redirect(w, r, d.base+PathAccount, http.StatusSeeOther)
	return nil
}

// view is what the page shows.
type view struct {
	Title   string
	Session *Session
	Problem *contract.Problem
	SignIn  string
	SignOut string
}

// answer hardens the answers of a page, and shows its errors on one.
func (d *Door) answer(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header())
		err := d.fromHere(r)
		if err == nil {
			err = handle(w, r)
		}
		if err == nil {
			return
		}
		status, problem := explain(err)
		d.log.Warn("nobody was let in", zap.String("page", r.URL.Path), zap.Int("status", status), zap.Error(err))
		if err := d.show(w, status, view{Title: "That did not work", Problem: problem}); err != nil {
			d.log.Error("show a page", zap.Error(err))
		}
	})
}

// fromHere holds that what changes something is sent by a page of Curfew's.
func (d *Door) fromHere(r *http.Request) error {
	if d.origins.Check(r) != nil {
		return contract.Problemf(contract.KindForbidden, "", "open "+PathAccount+" and do it there", "another site has sent this")
	}
	return nil
}

// explain is what the browser may be told of an error.
func explain(err error) (status int, problem *contract.Problem) {
	problem, ok := contract.ProblemOf(err)
	if !ok {
		return http.StatusInternalServerError, contract.Problemf(contract.KindInternal, "", "the server's log says more", "something went wrong inside Curfew")
	}
	var unproven *identity.Unproven
	switch {
	case errors.As(err, &unproven), problem.Kind == contract.KindForbidden:
		return http.StatusForbidden, problem
	case problem.Kind == contract.KindInvalid:
		return http.StatusBadRequest, problem
	case problem.Kind == contract.KindUnavailable:
		return http.StatusServiceUnavailable, problem
	default:
		return http.StatusInternalServerError, problem
	}
}

func (d *Door) show(w http.ResponseWriter, status int, shown view) error {
	shown.SignIn, shown.SignOut = d.base+PathSignIn, d.base+PathSignOut
	var text bytes.Buffer
	if err := page.Execute(&text, shown); err != nil {
		return fmt.Errorf("render a page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // the browser may be gone
	return nil
}

// harden lets the browser load nothing, send forms nowhere else, show the page in no frame and tell no other site of it.
func harden(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
}

// giveCookie gives the browser a secret for a while. Lax is needed: the browser comes back from the provider's pages.
func giveCookie(w http.ResponseWriter, name, secret string, lasts time.Duration) {
	http.SetCookie(w, cookie(name, secret, int(lasts.Seconds())))
}

// takeCookie takes it away again.
func takeCookie(w http.ResponseWriter, name string) { http.SetCookie(w, cookie(name, "", -1)) }

func cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
