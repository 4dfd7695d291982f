package signin

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/workflows/contract"
)

const maxNext = 1 << 10

// leave sends the browser to the provider, and remembers by a cookie which browser it was.
func (d *Door) leave(w http.ResponseWriter, r *http.Request) error {
	next, err := within(r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	leaving := signIn{SignIn: identity.NewSignIn(d.base + PathAnswer), next: next}
	address, err := d.provider.Address(r.Context(), leaving.SignIn)
	if err != nil {
		return err
	}
	secret := identity.NewSecret()
	d.signIns.keep(secret, leaving, signInWithin)
	d.cookies.give(w, signInCookie, secret, signInWithin)
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// comeBack takes the provider's answer, once, from the browser that was sent there.
func (d *Door) comeBack(w http.ResponseWriter, r *http.Request) error {
	const again = "sign in again, in one browser and without waiting long"
	secret, ok := d.cookies.look(r, signInCookie)
	if !ok {
		return contract.Problemf(contract.KindForbidden, "", again, "this browser is not about to sign in")
	}
	left, ok := d.signIns.look(secret)
	if !ok {
		return contract.Problemf(contract.KindForbidden, "", again, "this sign-in is over")
	}
	// An answer to another sign-in, which anybody can send this browser with, leaves this one as it is.
	answer := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(left.State)) != 1 {
		return contract.Problemf(contract.KindForbidden, "", again, "the provider's answer is to another sign-in")
	}
	d.cookies.take(w, signInCookie)
	if _, first := d.signIns.take(secret); !first {
		return contract.Problemf(contract.KindForbidden, "", again, "this sign-in is over")
	}
	if refusal := answer.Get("error"); refusal != "" {
		return contract.Problemf(contract.KindForbidden, "", "sign in again, or ask an administrator of the provider",
			"the provider let nobody in: %q", contract.Shorten(refusal, 64))
	}
	directory := d.callers.Directory()
	caller, err := d.provider.Redeem(r.Context(), left.SignIn, answer.Get("code"))
	if err != nil {
		return err
	}
	d.begin(w, r, caller, directory.People[caller.Person])
	http.Redirect(w, r, d.frame.Path(left.next), http.StatusSeeOther)
	return nil
}

// begin starts a session with a secret of its own, and ends the one that the browser had.
func (d *Door) begin(w http.ResponseWriter, r *http.Request, caller identity.Caller, person config.Person) {
	d.end(r)
	secret := identity.NewSecret()
	d.sessions.keep(secret, Session{
		Caller: caller, FormToken: identity.NewSecret(), Ends: d.sessions.now().Add(d.lasts),
		came: fingerprintOf(person),
	}, d.lasts)
	d.cookies.give(w, sessionCookie, secret, d.lasts)
	d.log.Info("signed in", zap.String("person", caller.Person))
	if d.saw == nil {
		return
	}
	if err := d.saw(r.Context(), caller); err != nil {
		d.log.Warn("a sign-in can't be remembered", zap.String("person", caller.Person), zap.Error(err))
	}
}

func (d *Door) end(r *http.Request) {
	if secret, ok := d.cookies.session(r); ok {
		d.sessions.take(secret)
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
		return "", contract.Problemf(contract.KindInvalid, "next", "name a path here, like "+PathAccount, "is no path within Curfew")
	}
	return next, nil
}
