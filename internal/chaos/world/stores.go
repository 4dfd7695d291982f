package world

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/internal/chaos/judge"
	"curfew/internal/chaos/observer"
	"curfew/internal/chaos/standin"
	"curfew/internal/seal"
	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/process"
	"curfew/workflows/contract"
)

const (
	curfew   = "curfew" // Curfew's own role, in both databases, and account
	database = "curfew" // of the ledger
)

// openOrders starts the server that is a target, with the roles that people ask for.
func (w *World) openOrders(ctx context.Context) (err error) {
	if w.Orders, err = postgres.Launch(ctx, ""); err != nil {
		return err
	}
	w.atClose(w.Orders.Stop)
	w.addresses[Orders] = w.Orders.Address()
	statements := []string{login(curfew, w.Orders.Password()), "GRANT pg_signal_backend TO " + curfew}
	for _, role := range []string{ReadRole, WriteRole} {
		statements = append(statements, "CREATE ROLE "+role, "GRANT "+role+" TO "+curfew+" WITH ADMIN OPTION")
	}
	for _, person := range append([]Person{w.Stranger}, w.People...) {
		statements = append(statements, login(person.Account, w.Orders.Password()))
	}
	for _, statement := range statements {
		if _, err := w.Orders.Admin().Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare the database: %w", err)
		}
	}
	return nil
}

func login(role, password string) string {
	return fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, password)
}

// GiveStanding gives a person a role by hand, as an administrator.
func (w *World) GiveStanding(ctx context.Context, person Person, role string) error {
	_, err := w.Orders.Admin().
		Exec(ctx, "GRANT "+pgx.Identifier{role}.Sanitize()+" TO "+pgx.Identifier{person.Account}.Sanitize())
	return err
}

// openLedger makes room for the ledger, on the disk that can be filled.
func (w *World) openLedger(ctx context.Context) (err error) {
	if w.options.Ledger == SQLite {
		w.file = filepath.Join(w.Disk.path, "ledger.db")
		return nil
	}
	if w.Store, err = postgres.Launch(ctx, w.Disk.path); err != nil {
		return err
	}
	w.atClose(w.Store.Stop)
	w.addresses[ledgerLine] = w.Store.Address()
	for _, statement := range []string{login(curfew, w.Store.Password()), "CREATE DATABASE " + database + " OWNER " + curfew} {
		if _, err := w.Store.Admin().Exec(ctx, statement); err != nil {
			return fmt.Errorf("prepare the ledger's database: %w", err)
		}
	}
	return nil
}

// readLedger opens the ledger for whoever only looks, past all lines.
func (w *World) readLedger(context.Context) (err error) {
	if w.options.Ledger == SQLite {
		w.Ledger, err = observer.OpenSQLite(w.file)
	} else {
		w.Ledger, err = observer.OpenPostgres(w.Store.URL(postgres.Superuser, database))
	}
	if err == nil {
		w.atClose(func() { _ = w.Ledger.Close() })
	}
	return err
}

// LedgerFile is the ledger's, when it is a file.
func (w *World) LedgerFile() string { return w.file }

// KeyOf is how records call an access.
func KeyOf(access contract.Access) judge.Key {
	key := judge.Key{Target: access.Target, Account: access.Account, Entitlement: Pool}
	if access.Target == Orders {
		var entitlement struct {
			Role string `json:"role"`
		}
		_ = json.Unmarshal(access.Entitlement, &entitlement) // what can't be read is no role of ours
		key.Entitlement = entitlement.Role
	}
	return key
}

// RolesAtOrders looks at the target that is a database.
func (w *World) RolesAtOrders() *observer.Roles {
	return observer.NewRoles(
		Orders,
		w.Orders.URL(postgres.Superuser, postgres.Superuser),
		[]string{ReadRole, WriteRole},
		curfew,
	)
}

// configure writes the secrets, the keys, and a configuration for each process.
func (w *World) configure(listen string) error {
	secrets := filepath.Join(w.options.Dir, "secrets")
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		return err
	}
	// The keys are good since an hour ago, so that a clock that is behind finds them so.
	if err := seal.WriteNew(secrets, time.Now().Add(-time.Hour)); err != nil {
		return err
	}
	if _, err := writeSecret(secrets, "token", w.Tokens[curfew]); err != nil {
		return err
	}
	for _, id := range w.everybody() {
		w.Tokens[id] = newToken()
		if _, err := writeSecret(secrets, id, w.Tokens[id]); err != nil {
			return err
		}
	}
	for _, process := range processes {
		if err := w.configureOne(process, listen, secrets); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) everybody() []string {
	ids := []string{Bob, Carol, Erin, Frank, w.Stranger.ID}
	for _, person := range w.People {
		ids = append(ids, person.ID)
	}
	return ids
}

func (w *World) configureOne(process, listen, secrets string) error {
	dir := filepath.Dir(w.configOf(process))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	address := func(system string) string { return w.lines[place{process, system}].Address() }
	s := settings{
		Temporal: w.Temporal.Address,
		Listen:   listen,
		Secrets:  secrets,
		Lightrun: address(Lightrun),
		Jira:     address(jiraLine),
		People:   append([]Person{w.Stranger}, w.People...),
		Pool:     poolID,
		SQLite:   w.file,
	}
	var err error
	if s.Orders, err = writeSecret(
		dir,
		"orders",
		w.Orders.Via(address(Orders), curfew, postgres.Superuser),
	); err != nil {
		return err
	}
	if w.Store != nil {
		if s.Postgres, err = writeSecret(
			dir,
			"ledger",
			w.Store.Via(address(ledgerLine), curfew, database),
		); err != nil {
			return err
		}
	}
	text, err := s.text()
	if err != nil {
		return err
	}
	return writeConfig(w.configOf(process), text)
}

func (w *World) configOf(process string) string {
	return filepath.Join(w.options.Dir, process, "curfew.yaml")
}

// Rewrite changes the text of every process's configuration, and returns how to change it back.
func (w *World) Rewrite(change func(string) string) (back func() error, err error) {
	former := map[string][]byte{}
	for _, process := range processes {
		path := w.configOf(process)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		former[path] = text
		if err := writeConfig(path, []byte(change(string(text)))); err != nil {
			return nil, err
		}
	}
	return func() error {
		for path, text := range former {
			if err := writeConfig(path, text); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// launchStandIns starts the process of the stand-ins, and returns when it has said where they are.
func launchStandIns(
	command []string,
	setup standin.Setup,
	log io.Writer,
) (addresses standin.Addresses, running *process.Process, err error) {
	text, err := json.Marshal(setup)
	if err != nil {
		return addresses, nil, err
	}
	out, said := io.Pipe()
	running, err = process.Start(process.Program{
		Path: command[0], Args: command[1:], In: strings.NewReader(string(text)), Out: said, Err: log,
	})
	if err != nil {
		return addresses, nil, err
	}
	go func() { <-running.Exited(); _ = said.Close() }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &addresses)
	}
	if err != nil {
		running.Kill()
		return addresses, nil, fmt.Errorf("the stand-ins did not start: %w; they said %q", err, line)
	}
	return addresses, running, nil
}
