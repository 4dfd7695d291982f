package ldap_test

import (
	"net"
	"sync/atomic"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
)

// unreliableLine forwards to a directory, message by message. It can lose the answer to a change, and answer changes
// itself as if they were made.
type unreliableLine struct {
	listener net.Listener
	server   string
	armed    atomic.Bool
	failing  atomic.Bool
	muted    atomic.Bool
	lying    atomic.Bool
	blind    atomic.Bool     // no comparison finds anything
	over     <-chan struct{} // closed when the test ends
	// codes are those that are given in the place of others in answers to changes of entries.
	codes map[int64]int64
}

func newUnreliableLine(t *testing.T, server string) *unreliableLine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	line := &unreliableLine{listener: listener, server: server, over: t.Context().Done()}
	go line.accept()
	return line
}

func (l *unreliableLine) url() string { return "ldap://" + l.listener.Addr().String() }

// loseReply has the next change answered by a closed connection.
func (l *unreliableLine) loseReply() { l.armed.Store(true) }

// gateway has the next change made, and answered as by a proxy that has lost the directory meanwhile.
func (l *unreliableLine) gateway() { l.failing.Store(true) }

// mute keeps all answers back from now on.
func (l *unreliableLine) mute() { l.muted.Store(true) }

// lie answers changes as if they were made, until the line is honest again.
func (l *unreliableLine) lie() (honest func()) {
	l.lying.Store(true)
	return func() { l.lying.Store(false) }
}

func (l *unreliableLine) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		var losing atomic.Bool
		go forward(client, server, func(sent *ber.Packet) fate {
			switch {
			case isChange(sent) && l.lying.Load():
				_, _ = client.Write(done(sent).Bytes())
				return kept
			case isChange(sent) && l.armed.CompareAndSwap(true, false):
				losing.Store(true)
			}
			return passed
		})
		go forward(server, client, func(answered *ber.Packet) fate {
			if l.muted.Load() {
				<-l.over
			}
			if losing.Load() {
				return cut
			}
			l.recode(answered)
			return passed
		})
	}
}

func isChange(message *ber.Packet) bool {
	switch message.Children[1].Tag {
	case goldap.ApplicationModifyRequest,
		goldap.ApplicationAddRequest,
		goldap.ApplicationDelRequest,
		goldap.ApplicationExtendedRequest:
		return true
	default:
		return false
	}
}

// fate is what becomes of a message.
type fate int

const (
	passed fate = iota
	kept        // it goes no further
	cut         // nor does anything after it
)

// forward passes messages on until one is cut off, or either end is closed.
func forward(from, to net.Conn, judge func(*ber.Packet) fate) {
	defer from.Close()
	defer to.Close()
	for {
		message, err := ber.ReadPacket(from)
		if err != nil {
			return
		}
		switch judge(message) {
		case kept:
			continue
		case cut:
			return
		case passed:
			if _, err := to.Write(message.Bytes()); err != nil {
				return
			}
		}
	}
}

// done is the answer to a change that was made.
func done(change *ber.Packet) *ber.Packet {
	asked := change.Children[1]
	answer := ber.Encode(ber.ClassApplication, ber.TypeConstructed, asked.Tag+1, nil, "")
	answer.AppendChild(
		ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, goldap.LDAPResultSuccess, ""),
	)
	for range 2 { // whose entry, and what else there is to say
		answer.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	}
	whole := ber.NewSequence("")
	whole.AppendChild(change.Children[0])
	whole.AppendChild(answer)
	return whole
}

// recode changes the code of an answer to a change of an entry, or to a comparison.
func (l *unreliableLine) recode(message *ber.Packet) {
	answer := message.Children[1]
	var code int64
	if answer.Tag == goldap.ApplicationModifyResponse {
		code = l.codes[answer.Children[0].Value.(int64)]
	}
	if answer.Tag == goldap.ApplicationCompareResponse && l.blind.Load() &&
		answer.Children[0].Value.(int64) == goldap.LDAPResultCompareTrue {
		code = goldap.LDAPResultCompareFalse
	}
	change := answer.Tag == goldap.ApplicationModifyResponse || answer.Tag == goldap.ApplicationAddResponse
	if change && l.failing.CompareAndSwap(true, false) {
		code = goldap.LDAPResultUnavailable
	}
	if code == 0 {
		return
	}
	other := ber.Encode(answer.ClassType, answer.TagType, answer.Tag, nil, "")
	other.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	for _, child := range answer.Children[1:] {
		other.AppendChild(child)
	}
	whole := ber.NewSequence("")
	whole.AppendChild(message.Children[0])
	whole.AppendChild(other)
	*message = *whole
}
