package servicenow

import (
	"context"
	"strings"

	"curfew/workflows/contract"
)

// identity is the user name of our own account, which is what the journal shows of an author. It is never empty, so
// that an entry without an author can't be ours.
func (s *System) identity(ctx context.Context) (string, error) {
	if known := s.me.Load(); known != nil {
		return *known, nil
	}
	var found []struct {
		Name string `json:"user_name"`
	}
	// Two, because a query that is not understood finds everybody.
	if err := s.list(ctx, tableUsers, "sys_id=javascript:gs.getUserID()", "user_name", "2", &found); err != nil {
		return "", err
	}
	if len(found) != 1 || found[0].Name == "" || strings.ContainsAny(found[0].Name, "^\n\r") {
		return "", contract.Denied("%s does not tell who Curfew is there", s.api).
			Advise("let Curfew's ServiceNow account read the user_name of its own record in sys_user")
	}
	s.me.Store(&found[0].Name)
	return found[0].Name, nil
}

// entry is one entry of the journal.
type entry struct {
	SysID   string `json:"sys_id"`
	Element string `json:"element_id"`
	Author  string `json:"sys_created_by"`
	Value   string `json:"value"`
}

const entryFields = "sys_id,element_id,sys_created_by,value"

// readable fails unless the journal can be read. To an account that may not read it, it looks empty: then no earlier
// note would be found again, and every note would be written twice.
func (s *System) readable(ctx context.Context) error {
	if s.journal.Load() {
		return nil
	}
	var found []entry
	if err := s.list(
		ctx,
		tableJournal,
		"name="+tableIncidents+"^element=work_notes",
		entryFields,
		"1",
		&found,
	); err != nil {
		return err
	}
	if len(found) == 0 || found[0].Author == "" || found[0].Value == "" {
		return contract.Denied("%s shows Curfew no work notes", s.api).
			Advise("let Curfew's ServiceNow account read sys_journal_field, as docs/incidents/servicenow.md says; " +
				"on an instance without any work note write a first one by hand")
	}
	s.journal.Store(true)
	return nil
}

// CheckAccount implements incident.Surveyor. Whoever may not read users finds nobody: then there is nothing to be told.
func (s *System) CheckAccount(ctx context.Context, account string) error {
	const fix = "write the user's sys_id, 32 hexadecimal digits: Copy sys_id in the menu of the user's record"
	if !sysIDPattern.MatchString(account) {
		return contract.Invalid("%.60q is no user's sys_id at ServiceNow", account).Advise(fix)
	}
	var others, found []row
	if s.list(ctx, tableUsers, "", "sys_id", "2", &others) != nil || len(others) < 2 {
		return nil // it can't be told
	}
	if err := s.list(ctx, tableUsers, "sys_id="+account, "sys_id", "2", &found); err != nil {
		return err
	}
	if len(found) == 0 {
		return contract.NotFound("%s has no user %s", s.api, account).Advise(fix)
	}
	return nil
}

// ServiceIDs implements incident.Surveyor.
func (*System) ServiceIDs() string { return "at ServiceNow it is a sys_id" }

// CheckService implements incident.Surveyor: a service has the form of a sys_id. Whether it is there, Curfew need not
// be allowed to read.
func (*System) CheckService(_ context.Context, service string) (bool, error) {
	return sysIDPattern.MatchString(service), nil
}

// Check asks ServiceNow who we are and whether we see incidents and their work notes. Whether we may write notes shows
// only when one is written.
func (s *System) Check(ctx context.Context) error {
	if _, err := s.identity(ctx); err != nil {
		return err
	}
	if err := s.readable(ctx); err != nil {
		return err
	}
	var found []row
	if err := s.list(ctx, tableIncidents, "", rowFields, "1", &found); err != nil {
		return err
	}
	if len(found) == 0 || found[0].State == "" {
		return contract.Denied("%s shows Curfew no incidents", s.api).
			Advise("let Curfew's ServiceNow account read incidents, as docs/incidents/servicenow.md says")
	}
	return nil
}
