package contract

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DeliveryInput starts curfew.Delivery, and is the activity "hooks.Deliver".
type DeliveryInput struct {
	Delivery Sealed[Delivery] `json:"delivery"`
}

// Delivery is what a source of webhooks has told, as far as it matters: where to look, and nothing to believe. Who sent
// it was checked when it came in.
type Delivery struct {
	Source string `json:"source"` // by its configured name
	// ID is the source's own: what is sent again has the same.
	ID    string    `json:"id"`
	At    time.Time `json:"at"`    // when it came first
	Event string    `json:"event"` // in the source's words

	Incident string `json:"incident,omitempty"`
	Ticket   string `json:"ticket,omitempty"`
	Change   string `json:"change,omitempty"`  // the entry of the ticket's history
	Request  string `json:"request,omitempty"` // that a button belongs to
	Account  string `json:"account,omitempty"` // at the source, of whoever pressed it
	// Seen is the number of the newest event that whoever pressed the button had before them, and Digest that of what
	// they were shown to review.
	Seen   int    `json:"seen,omitempty"`
	Digest string `json:"digest,omitempty"`
	Order  *Order `json:"order,omitempty"`
}

// Order is what a script asks for in a person's name.
type Order struct {
	Person   string   `json:"person"` // whose name it is
	Template string   `json:"template,omitempty"`
	Duration Duration `json:"duration,omitzero"`
	Purpose           // the reason is also why it extends or ends
	Request  string   `json:"request,omitempty"` // the one to extend or end
}

// What an order can ask for: the Event of its delivery.
const (
	OrderStart  = "start"
	OrderExtend = "extend"
	OrderEnd    = "end"
)

// The buttons of messages in chat that decide.
const (
	ButtonApprove = "curfew_approve"
	ButtonDeny    = "curfew_deny"
)

// ButtonValue says what a button of a message decides: "<request>/<number of the newest event>/<digest of what was
// drawn>".
func ButtonValue(shown Status, digest string) string {
	return fmt.Sprintf("%s/%d/%s", shown.ID, shown.Seq, digest)
}

// ReadButton takes a value apart. One without a digest decides nothing.
func ReadButton(value string) (request string, seen int, digest string) {
	request, rest, _ := strings.Cut(value, "/")
	number, digest, _ := strings.Cut(rest, "/")
	seen, err := strconv.Atoi(number)
	if err != nil {
		return request, 0, ""
	}
	return request, seen, digest
}

// Delivered answers it.
type Delivered struct {
	// Said is what came of it, in one line.
	Said     string   `json:"said"`
	Requests []string `json:"requests,omitempty"` // that it has to do with
}

// IsDeliveryID is true for what has the form of the id of a delivery's workflow.
func IsDeliveryID(id string) bool { return strings.HasPrefix(id, deliveryWorkflowStart) }

// DeliveryWorkflowID names the workflow of a delivery.
func DeliveryWorkflowID(source, id string) string { return deliveryWorkflowStart + source + "/" + id }
