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

// Delivery is what a source of webhooks has told, as far as it matters: where to look, and nothing to believe. Who sent it
// was checked when it came in.
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
	// Seen is the number of the newest event that whoever pressed the button had before them.
	Seen  int    `json:"seen,omitempty"`
	Order *Order `json:"order,omitempty"`
}

// Order is what a script asks for in a person's name.
type Order struct {
	Person   string   `json:"person"` // whose name it is
	Template string   `json:"template,omitempty"`
	Duration Duration `json:"duration,omitzero"`
	Reason   string   `json:"reason,omitempty"`
	Ticket   string   `json:"ticket,omitempty"`
	Incident string   `json:"incident,omitempty"`
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

// ButtonValue says what a button of a message decides that shows a status: "<request>/<number of the newest event>".
func ButtonValue(shown Status) string { return fmt.Sprintf("%s/%d", shown.ID, shown.Seq) }

// ReadButton takes a value apart. One without a number is about the request as it was asked for.
func ReadButton(value string) (request string, seen int) {
	request, number, _ := strings.Cut(value, "/")
	seen, err := strconv.Atoi(number)
	if err != nil {
		seen = 1
	}
	return request, seen
}

// Delivered answers it.
type Delivered struct {
	// Said is what came of it, in one line.
	Said     string   `json:"said"`
	Requests []string `json:"requests,omitempty"` // that it has to do with
}

// DeliveryWorkflowID names the workflow of a delivery.
func DeliveryWorkflowID(source, id string) string { return deliveryWorkflowStart + source + "/" + id }
