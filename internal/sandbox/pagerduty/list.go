package pagerduty

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	usualPage   = 25
	largestPage = 100
	// deepest is how far PagerDuty pages into a list.
	deepest = 10_000
)

// listUsers finds users by a part of their name or e-mail address.
func (s *Server) listUsers(r *http.Request) reply {
	query := strings.ToLower(r.URL.Query().Get("query"))
	var found []map[string]any
	for _, user := range s.options.Users {
		if strings.Contains(strings.ToLower(user.Name+"\n"+user.Email), query) {
			found = append(found, showUser(user))
		}
	}
	return page(r, "users", found)
}

// listTurns shows who is on call at some time between since and until, which are the present when they are left out.
func (s *Server) listTurns(r *http.Request) reply {
	query, now := r.URL.Query(), s.options.Now()
	since, until := instant(query.Get("since"), now), instant(query.Get("until"), now)
	policies := query["escalation_policy_ids[]"]
	var found []map[string]any
	for _, turn := range s.options.Turns {
		wanted := len(policies) == 0 || slices.Contains(policies, turn.Policy)
		if wanted && !turn.From.After(until) && (turn.Until.IsZero() || !turn.Until.Before(since)) {
			found = append(found, s.showTurn(turn))
		}
	}
	return page(r, "oncalls", found)
}

func instant(text string, absent time.Time) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return absent
	}
	return at
}

// page answers with the part of a list that is asked for.
func page(r *http.Request, name string, all []map[string]any) reply {
	limit, offset := number(r.URL.Query().Get("limit"), usualPage), number(r.URL.Query().Get("offset"), 0)
	limit = min(limit, largestPage)
	if limit < 1 || offset < 0 || limit+offset > deepest {
		return failure(http.StatusBadRequest, 2001, "Invalid Input Provided", "Offset and limit are out of bounds.")
	}
	from := min(offset, len(all))
	to := min(from+limit, len(all))
	return reply{
		http.StatusOK,
		map[string]any{
			name: append(
				[]map[string]any{},
				all[from:to]...),
			"limit":  limit,
			"offset": offset,
			"more":   to < len(all),
			"total":  nil,
		},
	}
}

func number(text string, absent int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return absent
	}
	return n
}
