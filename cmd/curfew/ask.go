package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"charm.land/huh/v2"

	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// fieldDuration is the name of the field that is no part of the purpose and that somebody can correct as well.
const fieldDuration = "duration"

// asking is how somebody asks for access.
type asking struct {
	patience
	yes  bool // use break-glass access without a prompt
	send func(context.Context, api.AskBody) (client.Answer[contract.Status], error)
}

// ask asks for access. On a terminal it has somebody fill in what is missing, and correct what the server refuses.
func (p *program) ask(
	ctx context.Context, remote *client.Client, body api.AskBody, how asking,
) (status client.Answer[contract.Status], err error) {
	if !p.interactive() {
		if body.BreakGlass && !how.yes {
			return status, contract.Invalid("it opens without the reviews that are asked for otherwise").
				At("break-glass").
				Advise("add --yes if that is what you want")
		}
		return how.send(ctx, body)
	}
	template, err := p.chosen(ctx, remote, &body)
	if err != nil {
		return status, err
	}
	draft := &draft{body: body, template: template}
	if err := p.fillIn(ctx, draft); err != nil {
		return status, err
	}
	if body.BreakGlass && !how.yes {
		if err := p.confirm(
			ctx,
			"Use break-glass access?",
			breakGlassNotice(template),
			"Use break-glass access",
		); err != nil {
			return status, err
		}
	}
	for {
		status, err = how.send(ctx, draft.body)
		if err == nil || !draft.takesBack(err) {
			return status, err
		}
		p.complain(err)
		if err := p.fillIn(ctx, draft); err != nil {
			return status, err
		}
	}
}

// breakGlassNotice says what holds by break-glass access to a template.
func breakGlassNotice(template starter.Template) string {
	notice := template.Name + " opens at once, without approval"
	if rule := template.BreakGlass; rule != nil {
		return fmt.Sprintf(
			"%s, for at most %s. A second person has to review it within %s.",
			notice,
			rule.MaxDuration,
			rule.ReviewWithin,
		)
	}
	return notice + ". A second person has to review it afterwards."
}

// chosen is the template that is asked for. Without one in the body somebody chooses among those that they can ask for.
func (p *program) chosen(ctx context.Context, remote *client.Client, body *api.AskBody) (starter.Template, error) {
	list, err := remote.Templates(ctx)
	if err != nil {
		return starter.Template{}, err
	}
	templates := map[string]starter.Template{}
	var options []huh.Option[string]
	for _, template := range list.Value.Templates {
		templates[template.Name] = template
		if body.Subject != "" || len(template.WithoutAccount) == 0 {
			options = append(
				options,
				huh.NewOption(printable(template.Name+because(template.Description)), template.Name),
			)
		}
	}
	if body.Template == "" {
		if len(options) == 0 {
			return starter.Template{}, contract.Invalid("there is none that you can ask for").
				At("template").
				Advise("ask an administrator")
		}
		if err := p.fill(
			ctx,
			huh.NewSelect[string]().Title("What do you need?").Options(options...).Value(&body.Template),
		); err != nil {
			return starter.Template{}, err
		}
	}
	return templates[body.Template], nil // the server says more about one that there isn't
}

// draft is an ask that somebody fills in.
type draft struct {
	body     api.AskBody
	template starter.Template
	// wrong is the field that the server has refused, and refused what stood there.
	wrong, refused string
}

// field is the place of an answer in the body.
func (d *draft) field(name string) *string {
	if name == fieldDuration {
		return &d.body.Duration
	}
	for _, field := range contract.PurposeFields() {
		if field.Name == name {
			return field.In(&d.body.Purpose)
		}
	}
	return nil
}

// takesBack is true for a refusal of something that can be corrected, unless the same was refused before.
func (d *draft) takesBack(refusal error) bool {
	problem, ok := contract.ProblemOf(refusal)
	if !ok || problem.Kind != contract.KindInvalid {
		return false
	}
	field := d.field(problem.Field)
	if field == nil || d.wrong == problem.Field && d.refused == *field {
		return false
	}
	d.wrong, d.refused = problem.Field, *field
	return true
}

// fillIn has somebody fill in what is missing and correct what was refused. Nothing is asked when there is neither.
func (p *program) fillIn(ctx context.Context, d *draft) error {
	if d.template.Name == "" {
		return nil
	}
	missing := d.missing()
	var fields []huh.Field
	add := func(name string, asked bool, input *huh.Input) {
		if asked || d.wrong == name {
			fields = append(fields, input.Value(d.field(name)))
		}
	}
	withDuration := missing && d.body.Duration == ""
	if withDuration {
		d.body.Duration = contract.Duration{
			Duration: min(d.template.DefaultDuration.Duration, d.longest().Duration),
		}.String()
	}
	add(fieldDuration, withDuration, durationInput(d.longest()))
	for _, prose := range []bool{false, true} { // what takes longer to write comes last
		for _, field := range contract.PurposeFields() {
			if field.Prose == prose {
				asked, input := d.question(field)
				add(field.Name, missing && asked, input)
			}
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return p.fill(ctx, fields...)
}

// question is how somebody is asked for a field of the purpose, and whether without having given it.
func (d *draft) question(field contract.PurposeField) (asked bool, input *huh.Input) {
	switch field.Name {
	case contract.FieldReason:
		return contract.IsBlank(d.body.Reason), reasonInput("What do you need the access for?")
	case contract.FieldTicket:
		asked = d.body.Ticket == "" && d.body.Zephyr == "" && d.template.Ticket != config.TicketNone
		return asked, ticketInput(d.needsTicket())
	}
	return false, huh.NewInput().Title(field.Label).Description(field.Hint)
}

// longest is how long the access may last that is asked for.
func (d *draft) longest() contract.Duration {
	if rule := d.template.BreakGlass; d.body.BreakGlass && rule != nil {
		return rule.MaxDuration
	}
	return d.template.MaxDuration
}

// missing is true when the server would refuse the ask for what it lacks.
func (d *draft) missing() bool {
	return contract.IsBlank(d.body.Reason) || d.needsTicket() && d.body.Ticket == ""
}

func (d *draft) needsTicket() bool {
	return d.template.Ticket == config.TicketRequired && d.body.Zephyr == "" && !d.body.BreakGlass
}

func durationInput(most contract.Duration) *huh.Input {
	return huh.NewInput().
		Title("For how long?").
		Description(fmt.Sprintf("At most %s. The time starts when the access is granted.", most)).
		Validate(func(text string) error {
			var asked contract.Duration
			if err := asked.UnmarshalText([]byte(text)); err != nil {
				return errors.New("write it like 30m, 2h or 1h30m")
			}
			if asked.Duration <= 0 || asked.Duration > most.Duration {
				return fmt.Errorf("ask for %s or less", most)
			}
			return nil
		})
}

func ticketInput(needed bool) *huh.Input {
	description := "Its key, like OPS-7."
	if !needed {
		description += " It may be left out."
	}
	return huh.NewInput().Title("For which ticket?").Description(description).Validate(func(key string) error {
		if key == "" && !needed || ticket.ValidKey(key) {
			return nil
		}
		return errors.New("write it like OPS-7")
	})
}

func reasonInput(question string) *huh.Input {
	return huh.NewInput().Title(question).Validate(func(text string) error {
		if strings.TrimSpace(text) == "" {
			return errors.New("a reason is needed")
		}
		return nil
	})
}
