package pagerduty

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Delivery is one webhook, V3, as PagerDuty sends it: at least once, with the same id each time.
type Delivery struct {
	ID     string
	Header http.Header
	Body   []byte
}

// Ping is what PagerDuty sends when somebody tries a subscription out.
func (s *Server) Ping() Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deliver(
		"pagey.ping",
		"pagey",
		"",
		map[string]any{"message": "Hello from your friend Pagey!", "type": "ping"},
	)
}

// Happen is an event of any type about an incident, also one that does not exist yet: of those too PagerDuty says that
// they may come.
func (s *Server) Happen(id, event string) (Delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.incidents[id]
	if !ok {
		return Delivery{}, fmt.Errorf("%s: no incident %s", event, id)
	}
	return s.tell(event, "", found), nil
}

// Request is the delivery on its way to a receiver.
func (d Delivery) Request(ctx context.Context, url string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Body))
	if err != nil {
		return nil, fmt.Errorf("deliver a webhook: %w", err)
	}
	request.Header = d.Header.Clone()
	return request, nil
}

// Send delivers, and returns the status that the receiver answered.
func (d Delivery) Send(ctx context.Context, client *http.Client, url string) (status int, err error) {
	request, err := d.Request(ctx, url)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("deliver a webhook: %w", err)
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, requestLimit))
	return response.StatusCode, err
}

// tell is the webhook of what happened to an incident.
func (s *Server) tell(event, by string, i *incident) Delivery {
	data := s.common(i)
	data["number"] = i.number
	assignees := []map[string]any{}
	for _, user := range i.Assignees {
		assignees = append(assignees, s.userReference(user))
	}
	data["assignees"], data["teams"] = assignees, []any{}
	data["conference_bridge"], data["resolve_reason"] = nil, nil
	if i.Priority == "" {
		data["priority"] = nil
	}
	return s.deliver(event, "incident", by, data)
}

// deliver puts an event into its envelope and signs that.
func (s *Server) deliver(event, resource, by string, data map[string]any) Delivery {
	told := map[string]any{
		"id": s.newID(), "event_type": event, "resource_type": resource, "agent": nil, "client": nil, "data": data,
		"occurred_at": s.options.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	if by != "" {
		told["agent"] = s.userReference(by)
	}
	body, _ := json.Marshal(map[string]any{"event": told}) // texts, numbers and lists of them can always be written
	delivery := Delivery{ID: s.newID(), Body: body, Header: http.Header{}}
	delivery.Header.Set("Content-Type", "application/json")
	delivery.Header.Set("User-Agent", "PagerDuty-Webhook/V3.0")
	delivery.Header.Set("X-Webhook-Id", delivery.ID)
	delivery.Header.Set("X-PagerDuty-Signature", Sign(body, s.options.Secrets...))
	return delivery
}

// Sign is the header X-PagerDuty-Signature for a body: one signature for each secret.
func Sign(body []byte, secrets ...string) string {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		signatures[i] = "v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, ",")
}
