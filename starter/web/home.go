package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"

	"curfew/activities/ledger"
	"curfew/activities/story"
	"curfew/starter/page"
	"curfew/workflows/contract"
)

const (
	fewRows  = 10 // of each list on the first page
	manyRows = 25 // of a list on a page of its own
)

// list is a part of the requests that somebody can see.
type list struct {
	Key, Title, Empty string
	filter            func(person string) ledger.Filter
	// waiting leaves out what waits for others alone.
	waiting bool
}

// lists are all there are. The first two are on the first page.
var lists = []list{
	{
		Key: "waiting", Title: "To review", Empty: "No request waits for your review.",
		filter:  func(person string) ledger.Filter { return ledger.Filter{Reviewer: person, Waits: true} },
		waiting: true,
	},
	{
		Key: "mine", Title: "My requests", Empty: "You have not requested access yet.",
		filter: func(person string) ledger.Filter { return ledger.Filter{Person: person} },
	},
	{
		Key: "all", Title: "All requests", Empty: "There are no requests.",
		filter: func(string) ledger.Filter { return ledger.Filter{} },
	},
}

// shownList is a page of a list.
type shownList struct {
	list
	Rows []row
	Next string // the id that the page after this begins behind; empty when there is none
}

// row is one request in a list.
type row struct {
	ID, Template, Who, Reason, Ticket string
	State                             state
	Duration                          contract.Duration
	Moment                            *page.Moment // the end of active access; when it was asked, otherwise
	Ends                              bool
}

// homeContent is what the first page shows, or the page of one list.
type homeContent struct {
	Lists []shownList
	News  string // empty: the page does not follow what happens
}

var homePage = parse("home.html")

// home shows what waits for whoever looks, and what they asked for; or a page of one list.
func (v visit) home() error {
	query := v.r.URL.Query()
	key := query.Get("list")
	if key == "" {
		content, err := v.firstPage()
		if err != nil {
			return err
		}
		return v.show(http.StatusOK, homePage, "Requests", "/", content)
	}
	at := slices.IndexFunc(lists, func(l list) bool { return l.Key == key })
	if at < 0 {
		return contract.NotFound("there is no such list")
	}
	listed, err := v.list(lists[at], query.Get("before"), manyRows)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, homePage, listed.Title, "/", homeContent{Lists: []shownList{listed}})
}

// homeNews tells the script whether the first page would look different now.
func (v visit) homeNews() error {
	content, err := v.firstPage()
	if err != nil {
		return err
	}
	return v.tell(content.News)
}

func (v visit) firstPage() (homeContent, error) {
	var content homeContent
	digest := sha256.New()
	for _, l := range lists[:2] {
		listed, err := v.list(l, "", fewRows)
		if err != nil {
			return content, err
		}
		for _, row := range listed.Rows {
			fmt.Fprintf(digest, "%s %s %s;", l.Key, row.ID, row.State.Text)
		}
		content.Lists = append(content.Lists, listed)
	}
	content.News = hex.EncodeToString(digest.Sum(nil)[:8])
	return content, nil
}

func (v visit) list(l list, before string, length int) (shownList, error) {
	filter := l.filter(v.person)
	filter.Before, filter.Limit = before, length
	page, err := v.starter.List(v.r.Context(), v.person, filter)
	if err != nil {
		return shownList{}, err
	}
	listed := shownList{list: l, Next: page.Next}
	for _, status := range page.Requests {
		if !l.waiting || v.waitsFor(status) {
			listed.Rows = append(listed.Rows, v.row(status))
		}
	}
	return listed, nil
}

func (v visit) row(status contract.Status) row {
	one := row{
		ID:       status.ID,
		Template: status.Template,
		Who:      v.who(status),
		Reason:   story.Visible(status.Reason),
		Ticket:   status.Ticket,
		State:    v.stateOf(status),
		Duration: status.Duration,
		Moment:   v.moment(&status.AskedAt),
	}
	if status.State == contract.StateActive && status.Until != nil {
		one.Moment, one.Ends = v.moment(status.Until), true
	}
	return one
}
