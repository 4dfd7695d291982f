package lightrun

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"

	"curfew/workflows/contract"
)

const usersPath = "/api/v1/users"

// companyAdmin is the vendor's role of those who administer a whole company.
const companyAdmin = "SYSTEM_ADMIN"

// vetUser refuses a grant to those whom Lightrun does not know, and to those who could put themselves back afterwards.
func (a *api) vetUser(ctx context.Context, account string) error {
	answer, err := a.call(ctx, http.MethodGet, usersPath+"/"+url.PathEscape(account), nil, nil)
	switch {
	case err != nil:
		return err
	case answer.Status == http.StatusNotFound:
		return contract.Denied("%s does not know the user %s", a, account).
			At("account").
			Advise("give the person their e-mail address in Lightrun")
	case answer.Status != http.StatusOK:
		return a.refusal(answer)
	}
	var user struct {
		Email string   `json:"email"`
		Roles []string `json:"roles"`
	}
	if err := json.Unmarshal(answer.Body, &user); err != nil || !sameAccount(user.Email, account) {
		return a.Strange("another user than %s, or none", account)
	}
	if slices.Contains(user.Roles, companyAdmin) {
		return contract.Denied("%s administers the company in Lightrun, and could make the access last", account).
			At("account").
			Advise("give the subject an account without the role " + companyAdmin)
	}
	return nil
}
