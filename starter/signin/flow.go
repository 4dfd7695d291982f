package signin

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/workflows/contract"
)

const maxNext = 1 << 10

// leave sends the browser to the provider with a cookie that tells which browser it was. This process keeps nothing of
// it.
func (h *Handler) leave(w http.ResponseWriter, r *http.Request) error {
	next, err := within(r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	leaving := signIn{SignIn: identity.NewSignIn(h.base + PathAnswer), Next: next}
	address, err := h.provider.Address(r.Context(), leaving.SignIn)
	if err != nil {
		return err
	}
	sealed, err := h.pending.seal(leaving)
	if err != nil {
		return err
	}
	h.cookies.give(w, signInCookie, sealed, signInWithin)
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// comeBack takes the provider's answer, once, from the browser that was sent there.
func (h *Handler) comeBack(w http.ResponseWriter, r *http.Request) error {
	const again = "sign in again, in one browser and without waiting long"
	sealed, ok := h.cookies.look(r, signInCookie)
	if !ok {
		return contract.Forbidden("this browser is not about to sign in").Advise(again)
	}
	left, ok := h.pending.open(sealed)
	if !ok {
		return contract.Forbidden("this sign-in is over").Advise(again)
	}
	// An answer to another sign-in, which anybody can send this browser with, leaves this one as it is.
	answer := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(left.State)) != 1 {
		return contract.Forbidden("the provider's answer is to another sign-in").Advise(again)
	}
	if err := h.limits.Stranger(
		r,
	); err != nil { // the provider is asked for each, so that it does not take Curfew for the flood
		return err
	}
	h.cookies.take(w, signInCookie)
	if !h.pending.answer(left) {
		return contract.Forbidden("this sign-in is over").Advise(again)
	}
	if refusal := answer.Get("error"); refusal != "" {
		return contract.Forbidden("the provider let nobody in: %q", contract.Shorten(refusal, 64)).
			Advise("sign in again, or ask an administrator of the provider")
	}
	directory := h.directory()
	caller, err := h.provider.Redeem(r.Context(), directory, left.SignIn, answer.Get("code"))
	if err != nil {
		return err
	}
	h.begin(w, r, caller, directory.People[caller.Person])
	http.Redirect(w, r, h.frame.Path(left.Next), http.StatusSeeOther)
	return nil
}

// begin starts a session with a secret of its own, and ends the one that the browser had.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request, caller identity.Caller, person people.Person) {
	h.end(r)
	secret := identity.NewSecret()
	h.sessions.keep(secret, Session{
		Caller: caller, FormToken: identity.NewSecret(), Ends: h.sessions.now().Add(h.lasts),
		came: fingerprintOf(person),
	})
	h.cookies.give(w, sessionCookie, secret, h.lasts)
	h.log.Info("signed in", zap.String("person", caller.Person))
	if h.saw == nil {
		return
	}
	if err := h.saw(r.Context(), caller); err != nil {
		h.log.Warn("a sign-in can't be remembered", zap.String("person", caller.Person), zap.Error(err))
	}
}

func (h *Handler) end(r *http.Request) {
	if secret, ok := h.cookies.session(r); ok {
		h.sessions.end(secret)
	}
}

// within makes sure that a browser that has signed in stays here: it is sent to this path of Curfew's.
func within(next string) (string, error) {
	if next == "" {
		return "/", nil
	}
	parsed, err := url.Parse(next)
	plain := !strings.ContainsFunc(next, func(c rune) bool { return c <= ' ' || c == '\\' || c > '~' })
	path := strings.HasPrefix(next, "/") && !strings.HasPrefix(next, "//") // with two, what follows would be a host
	if err != nil || !plain || !path || len(next) > maxNext || parsed.IsAbs() || parsed.Host != "" {
		return "", contract.Invalid("is no path within Curfew").
			At("next").
			Advise("name a path here, like " + PathAccount)
	}
	return next, nil
}
