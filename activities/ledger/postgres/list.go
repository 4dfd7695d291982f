package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
	"curfew/workflows/contract"
)

// Requests returns a page of statuses, newest first.
func (s *Store) Requests(ctx context.Context, filter ledger.Filter) ([]contract.Status, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	text, args := listQuery(filter, length)
	return list(ctx, s, "list requests", scanStatus, text, args...)
}

// listQuery writes the question that a filter asks: an index gives the rows in the order of the list.
func listQuery(filter ledger.Filter, length int) (string, []any) {
	q := question{text: "SELECT requests.status FROM curfew.requests"}
	q.join("parties", " AND parties.party", filter.Person)
	q.join("reviewers", " AND reviewers.reviewer", filter.Reviewer)
	q.join("viewers", "", filter.Viewer)
	q.equal("requests.state", string(filter.State))
	q.equal("requests.template", filter.Template)
	q.equal("requests.ticket", filter.Ticket)
	q.equal("requests.incident", filter.Incident)
	if filter.Stuck {
		q.where("requests.stuck")
	}
	if filter.Waits {
		q.where("requests.waits")
	}
	if !filter.HeldSince.IsZero() {
		q.where("requests.held >= $?", ledger.Stamp{Time: filter.HeldSince})
	}
	if filter.Before != "" {
		q.where("requests.id < $?", escape(filter.Before))
	}
	return q.end("requests.id DESC", length)
}

// question is a list query in the making.
type question struct {
	text       string
	conditions []string
	args       []any
}

// join narrows to the requests that a person has to do with; to none of them when no person is asked for.
func (q *question) join(alias, role, person string) {
	if person == "" {
		return
	}
	q.text += fmt.Sprintf(" JOIN curfew.people AS %s ON %[1]s.request = requests.id%s", alias, role)
	q.where(alias+".person = $?", escape(person))
}

// equal narrows to a column's value; an empty one doesn't.
func (q *question) equal(column, value string) {
	if value != "" {
		q.where(column+" = $?", escape(value))
	}
}

// where adds a condition, in which each $? stands for the next argument.
func (q *question) where(condition string, args ...any) {
	for _, arg := range args {
		q.args = append(q.args, arg)
		condition = strings.Replace(condition, "$?", fmt.Sprintf("$%d", len(q.args)), 1)
	}
	q.conditions = append(q.conditions, condition)
}

func (q *question) end(order string, length int) (string, []any) {
	text := q.text
	if len(q.conditions) > 0 {
		text += " WHERE " + strings.Join(q.conditions, " AND ")
	}
	return fmt.Sprintf("%s ORDER BY %s LIMIT %d", text, order, length), q.args
}

// list answers a question.
func list[T any](
	ctx context.Context,
	s *Store,
	doing string,
	scan func(pgx.Row) (T, error),
	text string,
	args ...any,
) (all []T, err error) {
	err = s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		rows, err := conn.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		all, err = collect(rows, scan)
		return err
	})
	if err != nil {
		return nil, fault(ctx, doing, err)
	}
	return all, nil
}

// stamped is a time as a column keeps it.
func stamped(at time.Time) (string, error) {
	value, err := ledger.Stamp{Time: at}.Value()
	if err != nil {
		return "", err
	}
	return fmt.Sprint(value), nil
}
