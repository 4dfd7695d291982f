package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/internal/seal"
	"curfew/starter/answer"
	"curfew/starter/page"
	"curfew/workflows/contract"
)

// requestContent is the page of one request.
type requestContent struct {
	contract.Status
	Who           string
	RequesterName string
	Asked         contract.Duration // how long the access is to last, as it was asked for
	Stands        state
	Ticking       bool   // its end is ahead
	Headline      linked // where it stands, in a sentence
	Moments       moments
	NotReviewed   string // who may review, and has not
	Things        []thing
	Story         []entry
	StoryFault    string // why there is no story
	News          string // what the script compares
	May           offers
	Shorter       []contract.Duration // what a reviewer may approve instead
	Longer        []contract.Duration // what may be asked for on top
	MostLonger    contract.Duration
	Digest        string // of what is to be reviewed
	ReviewFault   string // why it can't be reviewed now
	Asker         string // of the extension that waits
	PostReviewer  string // who has reviewed the break-glass access
	Form          sentForm
	MaxText       int
}

// moments are the times of a request; nil when they have not come up.
type moments struct{ Asked, DecideBy, Start, Granted, Until, Ended, ReviewDue, ContinuousSince *page.Moment }

// entry is a part of the story.
type entry struct {
	When     *page.Moment
	Headline linked
	Lines    []string
	Said     string // what somebody typed: text
}

// sentForm is what came back: which form, what was typed and what is wrong with it.
type sentForm struct {
	Verb    string
	Values  map[string]string
	Problem *contract.Problem
}

// Of is the problem of a form; nil when it has none.
func (f sentForm) Of(verb string) *contract.Problem {
	if f.Verb == verb {
		return f.Problem
	}
	return nil
}

// Said is the reason, with nothing hidden in it.
func (c requestContent) Said() string { return story.Visible(c.Reason) }

// ExtensionSaid is the reason of the extension that waits, likewise.
func (c requestContent) ExtensionSaid() string { return story.Visible(c.Extension.Reason) }

// Homeless is the problem of a form that the page does not offer any more.
func (c requestContent) Homeless() *contract.Problem {
	offered := map[string]bool{
		"review-approve": c.May.Review || c.May.PostReview, "review-deny": c.May.Review || c.May.PostReview,
		"extend": c.May.Extend, "end": c.May.End, "cancel": c.May.Cancel,
	}
	if offered[c.Form.Verb] {
		return nil
	}
	return c.Form.Problem
}

// EndNow is true when the form that ends the access is to be seen: it has a problem, or break-glass access was not in
// order.
func (c requestContent) EndNow() bool {
	return c.Form.Of("end") != nil || c.PostReview != nil && c.PostReview.Verdict == contract.VerdictDeny
}

// Value is what was typed into a field of a form.
func (f sentForm) Value(verb, field string) string {
	if f.Verb == verb {
		return f.Values[field]
	}
	return ""
}

var requestPage = parse("request.html")

// request shows one request.
func (v visit) request() error { return v.showRequest(http.StatusOK, sentForm{}) }

func (v visit) showRequest(code int, form sentForm) error {
	ctx, id := v.r.Context(), v.r.PathValue("id")
	status, err := v.starter.Get(ctx, v.person, id)
	if err != nil {
		return missing(err)
	}
	content := v.content(status)
	content.Form = form
	_, events, err := v.starter.Events(ctx, v.person, id)
	if err == nil {
		content.News, content.Story = newsOf(events), v.entries(status, events)
	} else {
		problem, _ := answer.Problem(err)
		content.StoryFault = problem.Fault
	}
	if content.May.Review || content.May.PostReview {
		v.exactly(&content)
	}
	title := fmt.Sprintf("%s for %s: %s", status.Template, v.name(status.Subject), content.Stands.Text)
	return v.show(code, requestPage, title, "/", content)
}

// exactly shows what is to be reviewed as it was asked for, and binds the review to that. What can't be shown so can't
// be reviewed here.
func (v visit) exactly(content *requestContent) {
	asked, digest, err := v.starter.ReviewSubject(v.r.Context(), v.person, content.ID)
	if err == nil && content.State == contract.StateActive && content.Extension != nil {
		digest, err = seal.Digest(*content.Extension) // of the one that is shown, also if there is another by now
	}
	if err != nil {
		problem, _ := answer.Problem(err)
		content.ReviewFault, content.May.Review, content.May.PostReview = problem.Fault, false, false
		return
	}
	content.Digest = digest
	content.Template, content.Requester, content.Subject = asked.Template, asked.Requester, asked.Subject
	content.Purpose = asked.Purpose
	content.Asked, content.BreakGlass = asked.Duration, asked.BreakGlass
	content.Who, content.Moments.Start = v.who(content.Status), v.moment(&asked.StartAt)
	content.Things = nil
	for _, access := range asked.Terms.Accesses {
		content.Things = append(content.Things, thingOf(access))
	}
}

// ticking is true while the end of live access is ahead: what is over, or ended by somebody's word, has no clock.
func ticking(status contract.Status, now time.Time) bool {
	return status.State == contract.StateActive && status.Ending == nil && !status.Stuck && status.Until != nil &&
		status.Until.After(now)
}

// missing says that there is no such request in the words of a page.
func missing(err error) error {
	problem, ok := contract.ProblemOf(err)
	if !ok || problem.Field != "id" {
		return err
	}
	return contract.NotFound("there is no such request that you can see").
		Advise("check the link; if it is right, ask one of the people of the request")
}

// requestNews tells the script whether anything has happened.
func (v visit) requestNews() error {
	_, events, err := v.starter.Events(v.r.Context(), v.person, v.r.PathValue("id"))
	if err != nil {
		return missing(err)
	}
	return v.tell(newsOf(events))
}

// newsOf goes by the story: whatever changes a request is an event of it.
func newsOf(events []contract.Event) string { return strconv.Itoa(len(events)) }

func (v visit) content(status contract.Status) requestContent {
	content := requestContent{
		Status:        status,
		Who:           v.who(status),
		RequesterName: v.name(status.Requester),
		Asked:         status.Duration,
		Stands:        v.stateOf(status),
		Ticking:       ticking(status, v.now()),
		May:           v.may(status),
		MaxText:       contract.MaxReason,
		Moments: moments{
			Asked:    v.moment(&status.AskedAt),
			DecideBy: v.moment(status.DecideBy),
			Start:    v.moment(status.StartAt),
			Granted: v.moment(
				status.GrantedAt,
			),
			Until:           v.moment(status.Until),
			Ended:           v.moment(status.EndedAt),
			ReviewDue:       v.moment(status.ReviewDue),
			ContinuousSince: v.moment(status.ContinuousSince),
		},
		MostLonger: contract.Duration{Duration: leftToExtend(status)},
	}
	content.Headline = v.standing(status)
	content.Longer = choices(contract.Duration{}, content.MostLonger)
	for _, choice := range choices(contract.Duration{}, status.Duration) {
		if choice != status.Duration {
			content.Shorter = append(content.Shorter, choice)
		}
	}
	slices.Reverse(content.Shorter)
	for _, hold := range status.Holds {
		content.Things = append(content.Things, v.thingHeld(status, hold))
	}
	content.NotReviewed = v.names(stillAsked(status))
	if status.Extension != nil {
		content.Asker = v.name(status.Extension.By)
	}
	if status.PostReview != nil {
		content.PostReviewer = v.name(status.PostReview.Reviewer)
	}
	return content
}

// stillAsked are the reviewers who have not reviewed.
func stillAsked(status contract.Status) []string {
	return slices.DeleteFunc(slices.Clone(status.Reviewers), func(person string) bool {
		return person == status.Requester || person == status.Subject ||
			slices.ContainsFunc(status.Reviews, func(r contract.Review) bool { return r.Reviewer == person })
	})
}

// linked is a sentence around the id of another request, which the page links.
type linked struct{ Before, Request, Path, After string }

// standing is where a request stands, in a sentence.
func (v visit) standing(status contract.Status) linked {
	c := v.caseOf(status)
	return v.link(story.Standing(c), c.Keeper())
}

func (v visit) link(sentence, request string) linked {
	before, after, found := strings.Cut(sentence, request)
	if request == "" || !found {
		return linked{Before: sentence}
	}
	return linked{before, request, v.frame.Path("/requests/" + url.PathEscape(request)), after}
}

// caseOf is what the sentences about a request need.
func (v visit) caseOf(status contract.Status) story.Case {
	status.Names = v.starter.Config().Names(status.People()...)
	return story.Case{
		Status: status,
		Now:    v.now(),
		Clock:  func(at time.Time) string { return page.Moment{At: at}.Date() },
	}
}

// entries are the story, the newest first.
func (v visit) entries(status contract.Status, events []contract.Event) []entry {
	entries := make([]entry, 0, len(events))
	keeper := story.Case{Status: status}.Keeper()
	for _, event := range slices.Backward(events) {
		one := entry{
			When:     v.moment(&event.At),
			Headline: v.link(event.Headline, keeper),
			Said:     story.Visible(event.Said),
		}
		if event.Detail != "" {
			one.Lines = strings.Split(story.Visible(event.Detail), "\n")
		}
		entries = append(entries, one)
	}
	return entries
}
