package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const page = "docs/targets/kubernetes.md"

// refusal says what an answer means that is no success. The right is what the call needs: "list rolebindings".
func (c *cluster) refusal(answer answer, right string) *contract.Problem {
	problem := contract.Unavailable("%s answered %s", c, answer.said())
	problem.Refused = answer.IsFinalWord()
	switch status := answer.Status; {
	case status == http.StatusUnauthorized:
		problem.Fault = c.String() + " does not accept Curfew's credentials"
		problem.Fix = "they may have expired: put valid ones where the target's settings refer to"
	case status == http.StatusForbidden:
		problem.Kind = contract.KindDenied
		problem.Fix = fmt.Sprintf("let an administrator allow Curfew's account there to %s, as in %s", right, page)
	case status >= 300 && status < 400:
		problem.Fix = "redirects are not followed: set the target's url to where the API server is"
	case final(status):
		problem.Kind = contract.KindDenied
	default:
		problem.RetryAfter = answer.RetryAfter(outbound.LongestWait, "")
	}
	return problem
}

// final is true for a status that says that trying again does not help.
func final(status int) bool {
	switch status {
	case http.StatusRequestTimeout,
		http.StatusConflict,
		http.StatusGone,
		http.StatusTooEarly,
		http.StatusTooManyRequests:
		return false
	default:
		return status >= 400 && status < 500
	}
}

// said is the status and the server's message.
func (a answer) said() string {
	status := a.Said()
	if message := a.message(); message != "" {
		status += ": " + outbound.Clip(message)
	}
	return status
}

func (a answer) message() string { return a.reading().Message }

// reading is what the API says of a failure; it is empty when something else has answered.
func (a answer) reading() (status metav1.Status) {
	if json.Unmarshal(a.Body, &status) != nil || status.Kind != "Status" {
		return metav1.Status{}
	}
	return status
}

// misses is true when the API itself says that there is no object of this name. A 404 of somebody else says nothing.
func (a answer) misses(name string) bool {
	status := a.reading()
	return a.Status == http.StatusNotFound && status.Reason == metav1.StatusReasonNotFound && status.Details != nil &&
		status.Details.Name == name
}
