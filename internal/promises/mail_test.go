package promises

import (
	"bytes"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"slices"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// postbox is a mail server that keeps what it takes, as "<to>: <subject>".
type postbox struct {
	mu    sync.Mutex
	full  string // whom it puts off
	taken []string
	asked int // how often for whoever is put off
}

// posted tells people by mail.
func posted(p *postbox) func(*house) {
	return func(h *house) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(h.t, err)
		server := gosmtp.NewServer(
			gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &visit{postbox: p}, nil }),
		)
		done := make(chan error, 1)
		go func() { done <- server.Serve(listener) }()
		h.t.Cleanup(func() {
			_ = listener.Close() // a server that has not begun to serve does not know it
			_ = server.Close()
			<-done
		})
		h.upkeep += fmt.Sprintf(
			"notify: {mail: {smtp: {address: %q, from: curfew@example.org, tls: never}}}\n",
			listener.Addr(),
		)
		h.accounts += "mail: alice@example.org"
		h.people += `
  gus: {name: Gus, accounts: {mail: gus@example.org}}
  full: {name: Full, accounts: {mail: full@example.org}}
  hal: {name: Hal, accounts: {mail: hal@example.org}}
`
		h.templates += `
  mailed:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    approval: {count: 1, from: [gus, full, hal]}
`
	}
}

func (p *postbox) count(line string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(p.taken), func(other string) bool { return other != line }))
}

// visit is one connection.
type visit struct {
	*postbox
	to string
}

func (*visit) Mail(string, *gosmtp.MailOptions) error { return nil }

func (v *visit) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if to == v.full {
		v.asked++
		return &gosmtp.SMTPError{Code: 452, EnhancedCode: gosmtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	}
	v.to = to
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	mail, err := netmail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.taken = append(v.taken, v.to+": "+mail.Header.Get("Subject"))
	return nil
}

func (*visit) Reset()        {}
func (*visit) Logout() error { return nil }

func TestP8OneFullMailboxFloodsNobodyAndSilencesNobody(t *testing.T) {
	t.Parallel()
	box := &postbox{full: "full@example.org"}
	h := newHouse(t, posted(box))
	h.work()
	id := h.ask(alice, "mailed", 3*time.Second).ID
	const asked, ended = ": Reviewers were asked: mailed for Alice (alice)", ": Access has ended at its deadline: mailed for Alice (alice)"
	told := func(line string) {
		t.Helper()
		require.Eventually(t, func() bool { return box.count(line) > 0 }, patience, 20*time.Millisecond, line)
	}
	told("gus@example.org" + asked)
	told("hal@example.org" + asked)
	h.approve("hal", id)
	told("alice@example.org" + ended)
	require.Eventually(t, func() bool {
		box.mu.Lock()
		defer box.mu.Unlock()
		return box.asked > 4
	}, patience, 20*time.Millisecond, "whoever was put off is tried again")

	box.mu.Lock()
	box.full = ""
	box.mu.Unlock()
	require.Equal(t, contract.OutcomeExpired, h.ended(id).Outcome)
	for _, line := range []string{"gus@example.org" + asked, "hal@example.org" + asked, "alice@example.org" + ended} {
		require.Equal(t, 1, box.count(line), "%s: once", line)
	}
	require.LessOrEqual(t, box.count("full@example.org"+asked), 1)
	require.Empty(t, h.alarms(contract.AlarmLeftOut))
}
