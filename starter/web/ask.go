package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"curfew/internal/config"
	"curfew/starter"
	"curfew/starter/answer"
	"curfew/workflows/contract"
)

// choosing is what can be asked for.
type choosing struct {
	May    []offered
	MayNot []offered
}

// offered is one template.
type offered struct {
	starter.Template
	Things []thing
	WhyNot string // why it can't be asked for
}

var choosePage = parse("choose.html")

// choose shows the templates.
func (v visit) choose() error {
	templates, err := v.starter.Templates(v.r.Context(), v.person)
	if err != nil {
		return err
	}
	var content choosing
	for _, template := range templates {
		if one := offer(template); one.WhyNot == "" {
			content.May = append(content.May, one)
		} else {
			content.MayNot = append(content.MayNot, one)
		}
	}
	return v.show(http.StatusOK, choosePage, "Request access", "/ask", content)
}

func offer(template starter.Template) offered {
	one := offered{Template: template, WhyNot: template.MayNotAsk}
	for _, given := range template.Entitlements {
		one.Things = append(one.Things, thingOf(contract.Access{
			Target: given.Target, Entitlement: given.Entitlement, ReadBack: contract.ReadBack(given.ReadBack),
		}))
	}
	if len(template.WithoutAccount) > 0 && !template.OnBehalf {
		one.WhyNot = cmp.Or(one.WhyNot, "you have no account on "+template.WithoutAccount[0])
	}
	return one
}

// asking is the form of one template.
type asking struct {
	offered
	ByBreakGlass bool // the form asks for break-glass access
	Action       string
	Values       map[string]string // what was typed
	Problem      *contract.Problem
	Longest      contract.Duration
	Choices      []contract.Duration
	Subjects     []subject // on behalf of whom it may be asked
	Earliest     string    // start, as the browser's field takes it
	Latest       string
	Already      string // the request that the form was sent for already
	Zephyr       bool   // a test cycle or execution may stand for the ticket
}

// subject is somebody whom access may be asked for.
type subject struct{ ID, Name string }

// fields are those that a form keeps.
func fields() []string {
	return append([]string{"id", "duration", "other", "start", "subject", "confirm"}, purposeFields()...)
}

// purposeFields are those of them that say what the access is for.
func purposeFields() (names []string) {
	for _, field := range contract.PurposeFields() {
		names = append(names, field.Name)
	}
	return names
}

// fieldTime is how browsers write a time, here in UTC.
const fieldTime = "2006-01-02T15:04"

var askPage = parse("ask.html")

// form shows the form of a template. A link may fill some of it in.
func (v visit) form() error {
	content, err := v.asking()
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	for _, field := range append(purposeFields(), "duration") {
		content.Values[field] = query.Get(field)
	}
	content.Values["id"] = newID(v.now())
	return v.showForm(http.StatusOK, content)
}

func (v visit) showForm(status int, content asking) error {
	if !slices.Contains(content.Choices, content.chosen()) && content.Values["other"] == "" {
		content.Values["other"] = content.Values["duration"]
	}
	title := "Ask for " + content.Name
	if content.ByBreakGlass {
		title = "Break-glass access: " + content.Name
	}
	return v.show(status, askPage, title, "/ask", content)
}

// chosen is the choice that is marked.
func (a asking) chosen() contract.Duration {
	if a.Values["duration"] == "" {
		return contract.Duration{Duration: min(a.DefaultDuration.Duration, a.Longest.Duration)}
	}
	d, _ := length(a.Values["duration"]) // what is none marks no choice
	return d
}

// Marked is true for the choice that is marked.
func (a asking) Marked(choice contract.Duration) bool {
	return a.Values["other"] == "" && choice == a.chosen()
}

// At is true when the field is at fault.
func (a asking) At(field string) bool { return a.Problem != nil && a.Problem.Field == field }

// NeedsTicket is true when the form can't do without one, or what stands for it.
func (a asking) NeedsTicket() bool { return a.Ticket == config.TicketRequired && !a.ByBreakGlass }

// NeedsIncident is true when the form can't do without one.
func (a asking) NeedsIncident() bool { return a.Incident && !a.ByBreakGlass }

// NeedsSubject is true when whoever asks can't have the access.
func (a asking) NeedsSubject() bool { return a.OnBehalf && len(a.WithoutAccount) > 0 }

// MayStartLater is true when a start can be chosen.
func (a asking) MayStartLater() bool { return a.StartWithin.Duration > 0 && !a.ByBreakGlass }

// purposeInput is the input of one field of the purpose.
type purposeInput struct {
	contract.PurposeField
	Value    string
	Note     string // beside the label
	Required bool
	Faulty   bool
	more     bool // it stands among those that most people leave alone
}

// Inputs are what everybody is asked.
func (a asking) Inputs() []purposeInput { return a.inputs(false) }

// MoreInputs are what most people leave alone.
func (a asking) MoreInputs() []purposeInput { return a.inputs(true) }

func (a asking) inputs(more bool) (inputs []purposeInput) {
	for _, field := range contract.PurposeFields() {
		if input, offered := a.input(field); offered && input.more == more {
			inputs = append(inputs, input)
		}
	}
	return inputs
}

// input is how the form asks for a field. The browser insists on a ticket only when nothing can stand for it.
func (a asking) input(field contract.PurposeField) (input purposeInput, offered bool) {
	input = purposeInput{
		PurposeField: field, Value: a.Values[field.Name], Faulty: a.At(field.Name), Note: "if there is one", more: true,
	}
	offered = true
	switch field.Name {
	case contract.FieldReason:
		input.Required, input.more = true, false
	case contract.FieldTicket:
		input.Required, input.more = a.NeedsTicket(), false
		offered = a.Ticket != config.TicketNone
	case contract.FieldZephyr:
		input.Note = "instead of a ticket"
		offered = a.Zephyr
	case contract.FieldIncident:
		input.Required, input.more = a.NeedsIncident(), !a.NeedsIncident()
	}
	if input.Required {
		input.Note = ""
	}
	input.Required = input.Required && (field.Name != contract.FieldTicket || !a.Zephyr)
	return input, offered
}

// Optional are the fields that most people leave alone.
func (a asking) Optional() string {
	var names []string
	for _, input := range a.MoreInputs() {
		names = append(names, input.Label)
	}
	if a.MayStartLater() {
		names = append(names, "start")
	}
	if a.OnBehalf && !a.NeedsSubject() {
		names = append(names, "for somebody else")
	}
	return strings.Join(names, ", ")
}

// OpensMore is true when there is something in one of those.
func (a asking) OpensMore() bool {
	for _, input := range a.MoreInputs() {
		if input.Value != "" || input.Faulty {
			return true
		}
	}
	return a.Values["start"]+a.Values["subject"] != "" || a.At("startAt") || a.At("subject")
}

// asking finds the template that a path names, and what its form offers.
func (v visit) asking() (asking, error) {
	templates, err := v.starter.Templates(v.r.Context(), v.person)
	if err != nil {
		return asking{}, err
	}
	at := slices.IndexFunc(templates, func(t starter.Template) bool { return t.Name == v.r.PathValue("template") })
	if at < 0 {
		return asking{}, contract.NotFound("there is no such template").
			Advise("choose one of the templates under Request access")
	}
	content := asking{
		offered: offer(
			templates[at],
		),
		Values:  map[string]string{},
		Action:  v.r.URL.Path,
		Longest: templates[at].MaxDuration,
		Earliest: v.now().
			UTC().
			Format(fieldTime),
		Latest: v.now().Add(templates[at].StartWithin.Duration).UTC().Format(fieldTime),
	}
	if content.WhyNot != "" {
		return asking{}, contract.Forbidden("%s", content.WhyNot).
			Advise("choose one of the templates under Request access")
	}
	if content.ByBreakGlass = strings.HasSuffix(v.r.Pattern, "/break-glass"); content.ByBreakGlass {
		if content.BreakGlass == nil {
			return asking{}, contract.Forbidden("you may not use break-glass access to %s", content.Name).
				Advise("request it with approval")
		}
		content.Longest = content.BreakGlass.MaxDuration
	}
	content.Zephyr = v.starter.Config().Tickets.References != nil && content.Ticket != config.TicketNone
	content.DefaultDuration.Duration = min(content.DefaultDuration.Duration, content.Longest.Duration)
	content.Choices = v.choicesOf(content)
	if content.OnBehalf {
		content.Subjects = v.subjects(content.Name, v.person)
	}
	return content, nil
}

// choicesOf always has the usual length among them.
func (v visit) choicesOf(content asking) []contract.Duration {
	fit := append(choices(content.MinDuration, content.Longest), content.DefaultDuration)
	slices.SortFunc(fit, func(a, b contract.Duration) int { return cmp.Compare(a.Duration, b.Duration) })
	return slices.Compact(fit)
}

// subjects are those who have all accounts that a template needs, by name.
func (v visit) subjects(template, but string) []subject {
	var able []subject
	directory := v.starter.Config()
	for id := range maps.Keys(directory.People) {
		if _, missing := directory.Accesses(directory.Templates[template], id); missing == "" && id != but {
			able = append(able, subject{id, v.name(id)})
		}
	}
	slices.SortFunc(
		able,
		func(a, b subject) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) },
	)
	return able
}

// ask starts a request, or shows the form again with what is wrong.
func (v visit) ask() error {
	content, err := v.asking()
	if err != nil {
		return err
	}
	for _, field := range fields() {
		content.Values[field] = typed(v.r, field)
	}
	content.Values["id"] = freshID(content.Values["id"], v.now())
	ask, err := content.asked(v.person)
	var status contract.Status
	if err == nil {
		status, err = v.starter.Start(v.r.Context(), ask)
	}
	if v.sentBefore(ask, err) {
		content.Already = ask.ID
		err = contract.Conflict("this form has been sent already, with something else in it").
			Advise("look at that request; to ask for another one, send this form")
		content.Values["id"] = newID(v.now())
	}
	if err == nil {
		return v.goTo("/requests/" + status.ID)
	}
	problem, code := answer.Problem(err)
	v.frame.Log(v.r, code, err)
	content.Problem = problem
	return v.showForm(code, content)
}

// asked is what was typed.
func (a asking) asked(person string) (starter.Ask, error) {
	ask := starter.Ask{
		ID:         a.Values["id"],
		Template:   a.Name,
		Requester:  person,
		Subject:    a.Values["subject"],
		BreakGlass: a.ByBreakGlass,
		Source:     starter.SourceWeb,
	}
	for _, field := range contract.PurposeFields() {
		*field.In(&ask.Purpose) = a.Values[field.Name]
	}
	if a.ByBreakGlass && a.Values["confirm"] != "yes" {
		return ask, contract.Invalid("break-glass access needs your confirmation").
			At("confirm").
			Advise("tick the box if you mean it")
	}
	var err error
	if ask.Duration, err = length(cmp.Or(a.Values["other"], a.Values["duration"])); err != nil {
		return ask, err
	}
	if start := a.Values["start"]; start != "" {
		if ask.StartAt, err = time.ParseInLocation(fieldTime, start, time.UTC); err != nil {
			return ask, contract.Invalid("%q is no time", contract.Shorten(start, 32)).
				At("startAt").
				Advise("write it like 2027-01-31T22:00")
		}
	}
	return ask, nil
}

// sentBefore is true for the refusal of a form with which the same person has made another request.
func (v visit) sentBefore(ask starter.Ask, err error) bool {
	problem, refused := contract.ProblemOf(err)
	if !refused || problem.Kind != contract.KindConflict || problem.Field != "id" {
		return false
	}
	first, err := v.starter.Get(v.r.Context(), v.person, ask.ID)
	return err == nil && first.Requester == v.person
}
