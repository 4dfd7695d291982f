// Package servicenow reads incidents of a ServiceNow instance, and adds work notes to them. It calls only the Table
// API, which silently ignores conditions of a query that it does not understand, and what Curfew's account may not read
// or write. So this package checks again whatever matters.
package servicenow

import (
	"cmp"
	"context"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"curfew/activities/incident"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// titleLimit bounds what is kept of an incident's title, in bytes.
const titleLimit = 1024

// The tables that Curfew reads. It writes to the first alone.
const (
	tableIncidents = "incident"
	tableJournal   = "sys_journal_field"
	tableUsers     = "sys_user"
)

var (
	numberPattern = regexp.MustCompile(`^INC[0-9]{5,12}$`)
	sysIDPattern  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// System is one instance, seen through Curfew's own account on it. It is safe for concurrent use.
type System struct {
	api         *outbound.API
	credentials credentials
	me          atomic.Pointer[string] // the user name of our own account, once it was read
	journal     atomic.Bool            // the journal was seen to be readable
}

var _ incident.System = (*System)(nil)

// New returns the instance that settings describe, as Validate has checked them. It does not wait for ServiceNow to be
// up; Check does. Errors are *contract.Problem that name the setting.
func New(settings Settings) (*System, error) {
	address, err := url.Parse(settings.URL)
	if err != nil || address.Host == "" {
		return nil, contract.Invalid("is no web address").
			At("incidents.servicenow.url").
			Advise("write it like https://example.service-now.com")
	}
	s := &System{api: &outbound.API{
		Peer: outbound.Peer{
			Name:  "ServiceNow",
			Host:  address.Host,
			Leads: "incidents.servicenow.url leads to the instance itself",
		},
		Base:   strings.TrimRight(settings.URL, "/"),
		Limit:  replyLimit,
		Client: outbound.NewClient(),
	}}
	s.credentials = credentialsOf(settings, s)
	s.api.Sign = s.credentials.sign
	return s, nil
}

// Name is what people's accounts on ServiceNow are called in the directory. An account is a user's sys_id.
func (s *System) Name() string { return name }

// Recognizes is true for numbers like INC0010007.
func (s *System) Recognizes(id string) bool { return numberPattern.MatchString(id) }

// States of an incident. Instances may have others, which count as open while the incident is active.
const (
	stateInProgress = "2"
	stateOnHold     = "3"
	stateResolved   = "6"
	stateClosed     = "7"
	stateCanceled   = "8"
)

// row is an incident as it is stored: values are not translated, references are sys_ids.
type row struct {
	SysID    string `json:"sys_id"`
	Number   string `json:"number"`
	State    string `json:"state"`
	Active   string `json:"active"`
	Opened   string `json:"opened_at"`
	Title    string `json:"short_description"`
	Urgency  string `json:"urgency"`
	Priority string `json:"priority"`
	Assigned string `json:"assigned_to"`
	Service  string `json:"business_service"`
	Item     string `json:"cmdb_ci"`
}

const rowFields = "sys_id,number,state,active,opened_at,short_description,urgency,priority,assigned_to,business_service,cmdb_ci"

// Find reads an incident by its number. Its service is the business service, or where there is none the configuration
// item.
func (s *System) Find(ctx context.Context, id string) (incident.Incident, error) {
	found, err := s.read(ctx, id)
	if err != nil {
		return incident.Incident{}, err
	}
	opened, err := time.Parse(time.DateTime, found.Opened) // stored in UTC
	if err != nil {
		return incident.Incident{}, s.kept("opened_at", id)
	}
	read := incident.Incident{
		ID: found.Number, Service: cmp.Or(found.Service, found.Item), Title: contract.Shorten(found.Title, titleLimit),
		OpenedAt: opened, URL: s.api.Base + "/incident.do?sys_id=" + found.SysID,
		Urgency: found.Urgency, Priority: found.Priority, Open: found.open(),
		Acknowledged: found.State == stateInProgress || found.State == stateOnHold || found.Assigned != "",
	}
	if found.Assigned != "" {
		read.Responders = []string{found.Assigned}
	}
	return read, nil
}

func (r row) open() bool {
	switch r.State {
	case stateResolved, stateClosed, stateCanceled:
		return false
	}
	return r.Active == "true"
}

// read finds the one incident that has a number.
func (s *System) read(ctx context.Context, id string) (row, error) {
	if !s.Recognizes(id) {
		return row{}, contract.Invalid("%.60q is no incident's number", id).
			At("incident").
			Advise("write a number like INC0010007")
	}
	var found []row
	err := s.list(ctx, tableIncidents, "number="+id, rowFields, "2", &found)
	switch {
	case err != nil:
		return row{}, err
	case len(found) == 0:
		return row{}, contract.NotFound("ServiceNow has no incident %s", id).
			At("incident").
			Advise("check the number, and that Curfew's ServiceNow account may read the incident")
	case found[0].Number != id || len(found) > 1:
		return row{}, s.api.Strange("other incidents than %s", id)
	case !sysIDPattern.MatchString(found[0].SysID):
		return row{}, s.api.Strange("an incident without a sys_id")
	case found[0].State == "":
		return row{}, s.kept("state", id)
	case found[0].Active == "":
		return row{}, s.kept("active", id)
	}
	return found[0], nil
}

// kept is about a field that nobody may go without.
func (s *System) kept(field, id string) *contract.Problem {
	return contract.Denied("%s keeps %s of %s from Curfew", s.api, field, id).
		Advise("let Curfew's ServiceNow account read " + field + " of incidents")
}

// OnCall is nobody: the Table API knows of no turns without a plugin, and a guess would let the wrong person in.
func (s *System) OnCall(context.Context, string) ([]incident.OnCall, error) { return nil, nil }
