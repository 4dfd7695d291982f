package slack

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// formLimit bounds the bodies that are read, in bytes.
const formLimit = 1 << 20

// call is one call of a method by a bot that has signed in.
type call struct {
	by   Bot
	form func(name string) string
	has  func(name string) bool
}

// reply is what is answered beside "ok".
type reply map[string]any

func refuse(code string) reply { return reply{"error": code} }

// scopes are what the app may do when it lacks nothing.
var scopes = []string{"chat:write", "channels:history"}

// Handler serves the methods of the Web API below "/".
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	at := func(method, scope string, handle func(call) reply) {
		mux.Handle("POST /"+method, s.serve(method, scope, handle))
	}
	at("auth.test", "", s.authTest)
	at("chat.postMessage", "chat:write", s.postMessage)
	at("chat.update", "chat:write", s.update)
	at("conversations.history", "channels:history", s.history)
	at("conversations.replies", "channels:history", s.replies)
	return mux
}

// serve lets bots in, one call at a time. All answers but those of too many calls have the status 200.
func (s *Server) serve(method, scope string, handle func(call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formLimit)
		answer, by := s.answer(r, method, scope, handle)
		_, failed := answer["error"]
		answer["ok"] = !failed
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if by != nil {
			w.Header().Set("X-OAuth-Scopes", strings.Join(by.scopes(), ","))
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// answer carries a call out. There is no bot when the token is that of none.
func (s *Server) answer(r *http.Request, method, scope string, handle func(call) reply) (reply, *Bot) {
	if err := r.ParseForm(); err != nil {
		return refuse("invalid_form_data"), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	at := slices.IndexFunc(s.options.Bots, func(b Bot) bool { return b.Token == r.PostForm.Get("token") })
	if at < 0 {
		return refuse("invalid_auth"), nil
	}
	by := s.options.Bots[at]
	if slices.Contains(by.Lacks, scope) {
		return reply{"error": "missing_scope", "needed": scope, "provided": strings.Join(by.scopes(), ",")}, &by
	}
	return handle(call{by: by, form: r.PostForm.Get, has: r.PostForm.Has}), &by
}

func (b Bot) scopes() []string {
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(b.Lacks, scope) })
}

func (s *Server) authTest(c call) reply {
	return reply{
		"url": "https://example.slack.com/", "team": "Example", "user": "curfew", "team_id": "T012ABCDEF",
		"user_id": "U" + c.by.ID, "bot_id": c.by.ID,
	}
}

func (s *Server) postMessage(c call) reply {
	if code := s.refusal(c); code != "" {
		return refuse(code)
	}
	thread := c.form("thread_ts")
	if thread != "" && s.find(c.form("channel"), thread) == nil {
		return refuse("thread_not_found")
	}
	m := s.add(Message{
		Channel: c.form("channel"), ThreadTS: thread, Bot: c.by.ID,
		Text: c.form("text"), Blocks: c.form("blocks"), Metadata: c.form("metadata"),
		Mentions: mentions(c.form("text"), c.form("blocks")),
	})
	return reply{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": m.json(true)}
}

// update leaves the metadata as it is when none is given, and mentions nobody.
func (s *Server) update(c call) reply {
	if code := s.refusal(c); code != "" {
		return refuse(code)
	}
	m := s.find(c.form("channel"), c.form("ts"))
	switch {
	case m == nil:
		return refuse("message_not_found")
	case m.Bot != c.by.ID:
		return refuse("cant_update_message")
	}
	m.Text, m.Blocks = c.form("text"), c.form("blocks")
	if c.has("metadata") {
		m.Metadata = c.form("metadata")
	}
	m.Edits++
	return reply{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": m.json(true)}
}

// refusal is why a message can't be written; empty when it can.
func (s *Server) refusal(c call) string {
	switch {
	case !slices.Contains(s.options.Channels, c.form("channel")):
		return "not_in_channel"
	case c.form("text") == "" && c.form("blocks") == "":
		return "no_text"
	case c.has("metadata") && !json.Valid([]byte(c.form("metadata"))):
		return "invalid_metadata_format"
	}
	return wrong(c.form("blocks"))
}

// history is what stands in a channel itself, newest first.
func (s *Server) history(c call) reply {
	var found []*Message
	for _, m := range slices.Backward(s.messages) {
		if m.Channel == c.form("channel") && m.ThreadTS == "" && later(m.TS, c.form("oldest")) {
			found = append(found, m)
		}
	}
	return s.page(c, found)
}

// replies is a message and what replies to it, oldest first.
func (s *Server) replies(c call) reply {
	var found []*Message
	for _, m := range s.messages {
		if m.Channel == c.form("channel") && (m.TS == c.form("ts") || m.ThreadTS == c.form("ts")) {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return refuse("thread_not_found")
	}
	return s.page(c, found)
}

func (s *Server) page(c call, all []*Message) reply {
	if !slices.Contains(s.options.Channels, c.form("channel")) {
		return refuse("not_in_channel")
	}
	limit, err := strconv.Atoi(c.form("limit"))
	if err != nil || limit < 1 || limit > 999 {
		return refuse("invalid_limit")
	}
	if s.options.PageSize > 0 {
		limit = min(limit, s.options.PageSize)
	}
	from, _ := strconv.Atoi(c.form("cursor")) // there is none for the first page
	to := min(from+limit, len(all))
	shown := []reply{}
	for _, m := range all[min(from, to):to] {
		shown = append(shown, m.json(c.form("include_all_metadata") == "1"))
	}
	next := ""
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return reply{"messages": shown, "has_more": next != "", "response_metadata": reply{"next_cursor": next}}
}

func (m *Message) json(metadata bool) reply {
	shown := reply{"type": "message", "ts": m.TS, "text": m.Text, "bot_id": m.Bot, "user": "U" + m.Bot}
	if m.ThreadTS != "" {
		shown["thread_ts"] = m.ThreadTS
	}
	if m.Blocks != "" {
		shown["blocks"] = json.RawMessage(m.Blocks)
	}
	if metadata && m.Metadata != "" {
		shown["metadata"] = json.RawMessage(m.Metadata)
	}
	return shown
}
