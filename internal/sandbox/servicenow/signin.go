package servicenow

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"
)

// token is an OAuth access token.
type token struct {
	by    Account
	until time.Time
}

// RevokeTokens makes all tokens worthless before their time.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// giveToken answers the grant of client credentials at oauth_token.do.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, requestLimit)
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	at := slices.IndexFunc(s.options.Accounts, func(a Account) bool {
		return a.ClientID != "" && a.ClientID == id && a.ClientSecret == secret
	})
	switch {
	case r.PostFormValue("grant_type") != "client_credentials":
		send(w, http.StatusUnauthorized, oauthFailure("unsupported_grant_type"))
		return
	case at < 0:
		send(w, http.StatusUnauthorized, oauthFailure("access_denied"))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text := rand.Text()
	s.tokens[text] = token{s.options.Accounts[at], s.options.Now().Add(s.options.TokenLife)}
	send(w, http.StatusOK, map[string]any{
		"access_token": text,
		"scope":        "useraccount",
		"token_type":   "Bearer",
		"expires_in":   int(s.options.TokenLife.Seconds()),
	})
}

func oauthFailure(code string) map[string]string {
	return map[string]string{"error": code, "error_description": code}
}

// signIn finds who calls. A caller who holds s.mu asks.
func (s *Server) signIn(r *http.Request) (Account, bool) {
	if name, password, ok := r.BasicAuth(); ok {
		at := slices.IndexFunc(s.options.Accounts, func(a Account) bool {
			return a.Password != "" && strings.EqualFold(a.Name, name) && a.Password == password
		})
		if at < 0 {
			return Account{}, false
		}
		return s.options.Accounts[at], true
	}
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	found, ok := s.tokens[text]
	return found.by, ok && s.options.Now().Before(found.until)
}
