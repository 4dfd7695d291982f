package lightrun

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"curfew/internal/config"
	"curfew/internal/keepalive"
	"curfew/internal/outbound"
)

const maxAnswer = 4 << 20 // in bytes

// api calls Lightrun's API.
type api struct {
	outbound.API
	scope scope // that the token needs
}

func newAPI(base *url.URL, token config.Secret, needed scope) *api {
	return &api{scope: needed, API: outbound.API{
		Peer: outbound.Peer{Name: "Lightrun", Host: base.Host, Leads: "the target's url leads to Lightrun itself"},
		Base: strings.TrimRight(base.String(), "/"), Limit: maxAnswer, Client: outbound.NewClient(),
		Sign: func(request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+token.Reveal())
			return nil
		},
	}}
}

// ping asks for the shortest list there is. Whatever Lightrun says of it, it answers.
func (a *api) ping(ctx context.Context, of collection) error {
	query := url.Values{"page": {"0"}, "size": {"1"}}
	return keepalive.Ping(ctx, func(ctx context.Context) error {
		_, err := a.call(ctx, http.MethodGet, of.path, query, nil)
		return err
	})
}

// answer is a whole answer, of whatever status.
type answer struct{ outbound.Answer }

// call sends one request; a nil content sends no body, and what comes from outside is escaped in the path. It returns
// an error only when there is no whole answer.
func (a *api) call(ctx context.Context, method, path string, query url.Values, content any) (answer, error) {
	got, err := a.Do(ctx, outbound.Call{Method: method, Path: path, Query: query, Send: content})
	return answer{got}, err
}

// message is what the vendor says of it.
func (a answer) message() string {
	var content struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(a.Body, &content) != nil {
		return ""
	}
	return content.Message
}
