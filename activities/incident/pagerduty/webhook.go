package pagerduty

import (
	"encoding/hex"
	"net/http"
	"strings"

	"curfew/activities/incident"
	"curfew/internal/config"
	"curfew/internal/exactjson"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

const (
	// signatures is the header with one signature for each secret that is in use at PagerDuty.
	signatures = "X-PagerDuty-Signature"
	// mostSignatures is how many of them are looked at.
	mostSignatures = 16
)

// The events that have a meaning of their own.
const (
	eventResolved = "incident.resolved"
	eventTrial    = "pagey.ping" // somebody tries a subscription out
)

// verifier recognizes deliveries by a list of signatures.
func verifier(secrets []config.Secret) signing.Verifier {
	return signing.Verifier{Headers: []string{signatures}, Verify: func(header http.Header, body []byte) error {
		var signed [][]byte
		for one := range strings.SplitSeq(strings.Join(header.Values(signatures), ","), ",") {
			text, versioned := strings.CutPrefix(strings.TrimSpace(one), "v1=")
			if signature, err := hex.DecodeString(text); versioned && err == nil && len(signed) < mostSignatures {
				signed = append(signed, signature)
			}
		}
		return signing.CheckHMAC(config.Reveal(secrets), body, signed...)
	}}
}

// readWebhook reads a webhook, V3. It is signed as a whole, its id included.
func readWebhook(body []byte) (incident.Notice, error) {
	var sent struct {
		Event struct {
			ID   string `json:"id"`
			Type string `json:"event_type"`
			Data struct {
				ID       string `json:"id"`
				Type     string `json:"type"`
				Incident struct {
					ID string `json:"id"`
				} `json:"incident"`
			} `json:"data"`
		} `json:"event"`
	}
	if err := exactjson.UnmarshalLoose(body, &sent); err != nil {
		return incident.Notice{}, contract.Invalid("it is no JSON of a webhook, V3").At("body").Advise("send JSON")
	}
	event := sent.Event
	notice := incident.Notice{
		ID: event.ID, Event: event.Type, Incident: event.Data.Incident.ID, Trial: event.Type == eventTrial,
	}
	if event.Data.Type == "incident" {
		notice.Incident = event.Data.ID
	}
	return notice, nil
}
