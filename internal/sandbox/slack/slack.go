// Package slack is a stand-in of the part of Slack's Web API with which a bot tells people something: messages that are
// posted, changed and read again, kept in memory. It answers as Slack's documents say, and refuses blocks that Slack
// would not take.
package slack

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Bot is an app's bot that can sign in.
type Bot struct {
	Token string
	ID    string // like B012ABCDEF
	// Lacks lists scopes that the app does not have, like "channels:history".
	Lacks []string
}

// Options say how the stand-in behaves.
type Options struct {
	Bots []Bot
	// Channels are the ids of those that the bots are members of.
	Channels []string
	// PageSize is how many messages a page has at most; 0 means what is asked for.
	PageSize int
}

// Server is one workspace. It is safe for concurrent use.
type Server struct {
	options Options

	mu       sync.Mutex
	messages []*Message
	last     int64 // microseconds
	calls    map[string]int
}

// Message is one that was posted.
type Message struct {
	Channel  string
	TS       string // identifies it within the channel
	ThreadTS string // of the message that it replies to; empty for none
	Bot      string // whose it is
	Text     string
	Blocks   string // as JSON
	Metadata string // as JSON
	Edits    int
	// Mentions are those who were told that it was posted: members' ids, and "!channel" and the like for everybody.
	Mentions []string
}

// New returns a workspace without messages.
func New(options Options) *Server {
	return &Server{options: options, calls: map[string]int{}}
}

// Messages returns what is in a channel, replies included, oldest first.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Message
	for _, m := range s.messages {
		if m.Channel == channel {
			found = append(found, *m)
		}
	}
	return found
}

// Calls tells how often each method was called.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// Post writes a message in the name of a bot, which need not be one that can sign in.
func (s *Server) Post(m Message) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.add(m)
}

// Delete removes a message, as a member of the channel would.
func (s *Server) Delete(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = slices.DeleteFunc(s.messages, func(m *Message) bool { return m.Channel == channel && m.TS == ts })
}

func (s *Server) add(m Message) *Message {
	s.last = max(s.last+1, time.Now().UnixMicro())
	m.TS = fmt.Sprintf("%d.%06d", s.last/1e6, s.last%1e6)
	s.messages = append(s.messages, &m)
	return &m
}

func (s *Server) find(channel, ts string) *Message {
	at := slices.IndexFunc(s.messages, func(m *Message) bool { return m.Channel == channel && m.TS == ts })
	if at < 0 {
		return nil
	}
	return s.messages[at]
}

// later compares timestamps; both have as many digits.
func later(ts, than string) bool { return ts > than }
