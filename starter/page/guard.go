package page

import (
	"crypto/subtle"
	"errors"
	"net/http"

	"curfew/workflows/contract"
)

// maxForm is far more than the longest reason takes when it is sent.
const maxForm = 64 << 10

// harden lets the browser load nothing but the layout's own files, send forms nowhere else, show the page in no frame
// and tell no other site of it.
func harden(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set(
		"Content-Security-Policy",
		"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
}

// fromHere holds that what changes something is sent by a page of Curfew's.
func (f *Frame) fromHere(r *http.Request) error {
	if f.origins.Check(r) != nil {
		return contract.Forbidden("another site has sent this").Advise("open Curfew yourself and do it there")
	}
	return nil
}

// ReadForm reads what a form has sent, into r.PostForm. Whoever can't have a session yet sends no token.
func ReadForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	var tooLong *http.MaxBytesError
	problem, known := contract.ProblemOf(err)
	switch {
	case known:
		return problem
	case errors.As(err, &tooLong):
		return contract.Invalid("the form is longer than %d KiB", maxForm>>10).Advise("keep texts shorter")
	case err != nil:
		return contract.Invalid("the form can't be read").Advise("open the page and send the form again")
	}
	return nil
}

// CheckForm holds that the form that was read is one of the session with this token.
func CheckForm(r *http.Request, token string) error {
	if token == "" || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("form")), []byte(token)) != 1 {
		return contract.Forbidden("the form is not of this session").
			Advise("open the page again and send it from there")
	}
	return nil
}
