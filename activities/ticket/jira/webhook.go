package jira

import (
	"encoding/hex"
	"net/http"
	"strings"

	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/exactjson"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

// signature is the header with which Jira signs a webhook.
const signature = "X-Hub-Signature"

// verifier recognizes deliveries by one signature.
func verifier(secrets []config.Secret) signing.Verifier {
	return signing.Verifier{Headers: []string{signature}, Verify: func(header http.Header, body []byte) error {
		text, named := strings.CutPrefix(header.Get(signature), "sha256=")
		signed, err := hex.DecodeString(text)
		if !named || err != nil {
			return signing.ErrUnsigned
		}
		return signing.CheckHMAC(config.Reveal(secrets), body, signed)
	}}
}

// readWebhook reads what Jira sends of an issue.
func readWebhook(body []byte) (ticket.Notice, error) {
	var sent struct {
		Event string `json:"webhookEvent"`
		Issue struct {
			Key string `json:"key"`
		} `json:"issue"`
		Changelog struct {
			ID    string `json:"id"`
			Items []struct {
				Field string `json:"field"`
			} `json:"items"`
		} `json:"changelog"`
	}
	if err := exactjson.UnmarshalLoose(body, &sent); err != nil {
		return ticket.Notice{}, contract.Invalid("it is no JSON of a webhook").
			At("body").
			Advise("send what Jira sends by itself")
	}
	notice := ticket.Notice{Event: sent.Event, Ticket: sent.Issue.Key, Change: sent.Changelog.ID}
	for _, item := range sent.Changelog.Items {
		notice.Moved = notice.Moved || item.Field == "status"
	}
	return notice, nil
}
