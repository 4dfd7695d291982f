package hooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"go.uber.org/zap"

	"curfew/workflows/contract"
)

// maxBody bounds a delivery, in bytes. PagerDuty's have up to 256 KiB.
const maxBody = 1 << 20

// retryAfter is what a source is asked to wait when nothing else is known.
const retryAfter = 5 * time.Second

// Handle adds the entry point to a mux.
func (h *Hooks) Handle(mux *http.ServeMux) { mux.Handle(Path, h) }

// answer is what a source is told.
type answer struct {
	status  int
	problem *contract.Problem // nil when there is none
	body    any               // nil for none
	cause   error             // for the log
	told    message
	untold  bool // it is not logged
}

// ServeHTTP takes a delivery. It says yes when nothing can lose it any more, and not before.
func (h *Hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	s, a := h.take(w, r)
	a.write(w)
	name := ""
	if s != nil {
		name = s.name
	}
	if h.Observer != nil {
		h.Observer.WebhookAnswered(name, a.status)
	}
	fields := []zap.Field{
		zap.String("source", name), zap.Int("status", a.status), zap.String("delivery", a.told.delivery.ID),
		zap.String("event", a.told.delivery.Event), zap.Duration("took", time.Since(began)),
	}
	switch {
	case a.untold:
	case a.cause != nil:
		h.Log.Error("hook", append(fields, zap.Error(a.cause))...)
	case a.problem != nil:
		h.Log.Warn("hook", append(fields, zap.String("problem", a.problem.Error()))...)
	default:
		h.Log.Info("hook", fields...)
	}
	if a.told.answerTo != "" && a.status == http.StatusOK {
		h.follow(context.WithoutCancel(r.Context()), s, a.told)
	}
}

// take finds the source, and believes it only then.
func (h *Hooks) take(w http.ResponseWriter, r *http.Request) (*source, answer) {
	s, found := h.sources[r.PathValue("source")]
	if !found {
		return nil, refuse(
			http.StatusNotFound,
			contract.NotFound("there is no such source").
				At("source").
				Advise("configure it in hooks, or mend the address"),
		)
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return s, refuse(http.StatusMethodNotAllowed, contract.Invalid("deliveries are posted").Advise("use POST"))
	}
	if err := s.expects(r.Header); err != nil {
		return s, h.unverified(r, err)
	}
	defer h.Limits.Body(w, r)()
	body, problem := readBody(w, r)
	if problem != nil {
		return s, *problem
	}
	if err := s.verify(r.Header, body); err != nil {
		return s, h.unverified(r, err)
	}
	if err := h.Limits.Source(s.name); err != nil {
		problem, _ := contract.ProblemOf(err)
		return s, refuse(http.StatusServiceUnavailable, problem) // a source takes it for a reason to send it again
	}
	return s, h.current(s).admit(r, body)
}

// readBody reads what a source has sent, if it is not too much.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *answer) {
	tooLarge := refuse(
		http.StatusRequestEntityTooLarge,
		contract.Invalid("it is larger than %d KiB", maxBody>>10).At("body").Advise("send less"),
	)
	if r.ContentLength > maxBody {
		return nil, &tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	problem, known := contract.ProblemOf(err)
	var refused answer
	switch {
	case err == nil:
		return body, nil
	case known:
		refused = refuse(http.StatusServiceUnavailable, problem)
	case errors.As(err, &large):
		refused = tooLarge
	default:
		refused = refuse(http.StatusBadRequest, contract.Invalid("it broke off").At("body").Advise("send it again"))
	}
	return nil, &refused
}

// unverified refuses a delivery of which nobody knows who has sent it. Of very many from one address, only some are
// logged.
func (h *Hooks) unverified(r *http.Request, err error) answer {
	refused := refuse(http.StatusUnauthorized, contract.AsProblem(err))
	if tooMany := h.Limits.Stranger(r); tooMany != nil {
		refused = refuse(http.StatusTooManyRequests, contract.AsProblem(tooMany))
		refused.untold = true
	}
	return refused
}

// admit lets a delivery in that is the source's own.
func (s snapshot) admit(r *http.Request, body []byte) answer {
	read, err := s.read(s, r.Context(), r.Header, body)
	if problem, ok := contract.ProblemOf(err); ok && !s.lenient {
		status := http.StatusBadRequest
		if problem.Kind == contract.KindForbidden {
			status = http.StatusForbidden
		}
		return refuse(status, problem)
	}
	if err != nil {
		read.unused = "it can't be read: " + err.Error()
	}
	read.delivery.Source, read.delivery.At = s.name, time.Now().UTC().Truncate(time.Millisecond)
	switch {
	case read.idle || read.refused != nil:
		return answer{status: http.StatusOK, told: read}
	case read.unused != "":
		return s.passOver(r.Context(), read)
	}
	fresh, err := s.Starter.Deliver(r.Context(), read.delivery)
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindConflict {
		return refuse(http.StatusConflict, problem)
	}
	if err != nil {
		return later(err, read)
	}
	if read.answerTo != "" { // whoever pressed a button hears of it there
		return answer{status: http.StatusOK, told: read}
	}
	receipt, err := s.receiptOf(read.delivery, fresh)
	if err != nil {
		return later(err, read)
	}
	return answer{status: http.StatusAccepted, body: receipt, told: read}
}

// Receipt is what a source is answered.
type Receipt struct {
	Delivery  string `json:"delivery"`
	Duplicate bool   `json:"duplicate,omitempty"` // it was let in before
	Request   string `json:"request,omitempty"`   // that an order will start
	Unused    string `json:"unused,omitempty"`    // why nothing will be done
}

func (s snapshot) receiptOf(delivery contract.Delivery, fresh bool) (receipt Receipt, err error) {
	receipt = Receipt{Delivery: delivery.ID, Duplicate: !fresh}
	if fresh && delivery.Event == contract.OrderStart {
		receipt.Request, err = s.Starter.DerivedID(orderOrigin(delivery))
	}
	return receipt, err
}

// passOver says yes to what nothing comes of, so that the source goes on, and tells operators once a day.
func (s snapshot) passOver(ctx context.Context, read message) answer {
	delivery := read.delivery
	id := fmt.Sprintf(
		"%s/%s/%s/%s",
		contract.AlarmHook,
		s.name,
		plain(delivery.Event, "unreadable"),
		delivery.At.Format(time.DateOnly),
	)
	err := s.Alarms.Raise(ctx, contract.Alarm{
		ID:    id,
		Kind:  contract.AlarmHook,
		At:    delivery.At,
		Actor: contract.ActorCurfew,
		Text: fmt.Sprintf(
			"%s has sent %s (delivery %s), and nothing was done: %s. Others of this sort are not told again today.",
			s.name,
			plain(delivery.Event, "something"),
			delivery.ID,
			read.unused,
		),
	})
	if err != nil {
		return later(err, read)
	}
	return answer{status: http.StatusAccepted, body: Receipt{Delivery: delivery.ID, Unused: read.unused}, told: read}
}

// later asks the source to send it again.
func later(err error, read message) answer {
	a := refuse(http.StatusServiceUnavailable, contract.Unavailable("it could not be kept").Advise("send it again"))
	a.cause, a.told = err, read
	return a
}

func refuse(status int, problem *contract.Problem) answer {
	return answer{status: status, problem: problem}
}

func (a answer) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	body := a.body
	if a.problem != nil {
		header.Set("Content-Type", "application/problem+json")
		body = map[string]any{
			"title":  http.StatusText(a.status),
			"status": a.status,
			"detail": a.problem.Error(),
			"kind":   a.problem.Kind,
		}
	} else if body != nil {
		header.Set("Content-Type", "application/json")
	}
	if a.status == http.StatusServiceUnavailable || a.status == http.StatusTooManyRequests {
		wait := cmp.Or(a.problem.RetryAfter.Duration, retryAfter)
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	w.WriteHeader(a.status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body) // nobody is left to hear of it when the source is gone
	}
}

// plainText is what may become a part of an id.
var plainText = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// plain is a text of a source's if it is a short word, and another one otherwise.
func plain(text, otherwise string) string {
	if plainText.MatchString(text) {
		return text
	}
	return otherwise
}
