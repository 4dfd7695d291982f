package hooks

import (
	"context"
	"fmt"
	"net/http"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"curfew/activities/ledger"
	"curfew/internal/config"
	"curfew/internal/exactjson"
	"curfew/starter"
	"curfew/workflows/contract"
)

// orderBody is what a script sends.
type orderBody struct {
	Action string `json:"action"` // start, extend or end
	ID     string `json:"id"`     // of the delivery; Standard Webhooks has it in a header
	Person string `json:"person"` // in whose name; or
	// Account of that person on a System of the directory.
	Account  string `json:"account"`
	System   string `json:"system"`
	Template string `json:"template"`
	Duration string `json:"duration"`
	contract.Purpose
	Request string `json:"request"`
}

func (s snapshot) readOrder(ctx context.Context, header http.Header, body []byte) (message, error) {
	var sent orderBody
	if err := exactjson.UnmarshalKnown(body, &sent); err != nil {
		return message{}, contract.Invalid("it can't be read: %s", oneLine(fmt.Sprint(err))).
			At("body").
			Advise("send one JSON object as docs/hooks.md describes it")
	}
	duration, err := contract.AskedDuration(sent.Duration)
	if err != nil {
		return message{}, err
	}
	if s.hook.Verify == config.VerifyStandard {
		sent.ID = header.Get(standardwebhooks.HeaderWebhookID)
	}
	if sent.ID == "" {
		return message{}, contract.Invalid("is missing").
			At("id").
			Advise("give each order an id of its own, the same when it is sent again")
	}
	person, err := s.inWhoseName(sent)
	if err != nil {
		return message{}, err
	}
	delivery := contract.Delivery{ID: deliveryID(body, sent.ID), Event: sent.Action, Order: &contract.Order{
		Person: person, Template: sent.Template, Duration: duration, Purpose: sent.Purpose,
		Request: sent.Request,
	}}
	return message{delivery: delivery}, s.checkOrder(ctx, delivery)
}

// inWhoseName is the person that a source acts as.
func (s snapshot) inWhoseName(sent orderBody) (string, error) {
	named := sent.Person != "" || sent.Account != ""
	switch {
	case named && !s.hook.MayName:
		return "", contract.Forbidden("this source acts as %s and nobody else", s.hook.Person).
			At("person").
			Advise("leave it out, or have an administrator write mayName: true for this source")
	case !named && s.hook.Person == "":
		return "", contract.Invalid("is missing").At("person").Advise("name the person, or an account and its system")
	case !named:
		return s.hook.Person, nil
	case sent.Account != "" && sent.Person == "":
		person, known := s.starter.Config().PersonByAccount(sent.System, sent.Account)
		if !known {
			return "", contract.Invalid("nobody in the directory has this account").
				At("account").
				Advise("have an administrator add it to the person's accounts")
		}
		return person, nil
	}
	if _, known := s.starter.Config().People[sent.Person]; !known || sent.Account != "" {
		return "", contract.Invalid("%q is nobody in the directory", oneLine(sent.Person)).
			At("person").
			Advise("name somebody of the directory, or an account and its system, not both")
	}
	return sent.Person, nil
}

// checkWithin bounds how long an order is looked at before it is let in.
const checkWithin = 2 * time.Second

// checkOrder finds what can be said at once to be wrong with an order. What can't be asked now is found when it is
// acted on.
func (s snapshot) checkOrder(ctx context.Context, delivery contract.Delivery) error {
	order := delivery.Order
	switch delivery.Event {
	case contract.OrderStart:
		ctx, cancel := context.WithTimeout(ctx, checkWithin)
		defer cancel()
		if problem, refused := refusal(s.starter.Check(ctx, askOf(delivery))); refused {
			return problem
		}
		return nil
	case contract.OrderExtend, contract.OrderEnd:
		if (order.Request == "") == (order.Incident == "") {
			return contract.Invalid("it is not said which one").
				At("request").
				Advise("name a request, or else an incident")
		}
		if contract.IsBlank(order.Reason) {
			return contract.Invalid("is missing").At("reason").Advise("say what it is for")
		}
		if delivery.Event == contract.OrderExtend && order.Duration.Duration <= 0 {
			return contract.Invalid("makes nothing longer").At("duration").Advise("say how much longer, like 30m")
		}
		return nil
	}
	return contract.Invalid("%q is none", oneLine(delivery.Event)).At("action").Advise("choose start, extend or end")
}

// orderOrigin is what the request that an order starts belongs to.
func orderOrigin(delivery contract.Delivery) starter.Origin {
	return starter.Origin{Began: delivery.At, Of: []string{"order", delivery.Source, delivery.ID}}
}

func askOf(delivery contract.Delivery) starter.Ask {
	order := delivery.Order
	return starter.Ask{
		Template: order.Template, Requester: order.Person, Duration: order.Duration, Purpose: order.Purpose,
		Source: starter.SourceHooks + delivery.Source,
	}
}

// actOnOrder does what a script has asked for, as the person whose name it bears.
func (s snapshot) actOnOrder(ctx context.Context, delivery contract.Delivery) (contract.Delivered, error) {
	order := delivery.Order
	if order == nil {
		return contract.Delivered{}, contract.Invalid("there is no order in it").At("body").Advise("send it again")
	}
	if delivery.Event == contract.OrderStart {
		origin := orderOrigin(delivery)
		origin.Admit = s.turn(delivery.Source, order.Person, delivery.ID)
		status, err := s.starter.StartDerived(ctx, askOf(delivery), origin)
		return contract.Delivered{
			Said:     order.Person + " asks for " + order.Template,
			Requests: []string{status.ID},
		}, err
	}
	requests, err := s.meant(ctx, order)
	if err != nil {
		return contract.Delivered{}, err
	}
	if delivery.Event == contract.OrderExtend {
		return s.extend(ctx, delivery, requests)
	}
	var failed []error
	for _, id := range requests {
		failed = append(failed, s.end(ctx, order, id))
	}
	return contract.Delivered{
			Said:     fmt.Sprintf("%s ends %d requests", order.Person, len(requests)),
			Requests: requests,
		}, foremost(
			failed...)
}

// meant are the requests that an order is about: the one that it names, or what the person has for an incident.
func (s snapshot) meant(ctx context.Context, order *contract.Order) ([]string, error) {
	if order.Request != "" {
		return []string{order.Request}, nil
	}
	open, err := s.starter.OpenRequests(ctx, ledger.Filter{Incident: order.Incident, Person: order.Person})
	var ids []string
	for _, status := range open {
		ids = append(ids, status.ID)
	}
	return ids, err
}

// extend asks for a later end, once for each delivery.
func (s snapshot) extend(
	ctx context.Context,
	delivery contract.Delivery,
	requests []string,
) (contract.Delivered, error) {
	order := delivery.Order
	if len(requests) != 1 {
		return contract.Delivered{}, contract.Conflict("%s has %d requests for %s, and one can be extended", order.Person, len(requests), oneLine(order.Incident)).
			At("request").
			Advise("name one of its requests")
	}
	if err := s.turn(delivery.Source, order.Person, delivery.ID)(); err != nil {
		return contract.Delivered{}, err
	}
	once := contract.DeliveryWorkflowID(delivery.Source, delivery.ID)
	status, err := s.starter.ExtendOnce(ctx, order.Person, requests[0], order.Duration, order.Reason, once)
	if err != nil {
		return contract.Delivered{}, err
	}
	return contract.Delivered{Said: order.Person + " extends " + status.ID, Requests: requests}, nil
}

// end ends a request; one that has ended is as it should be.
func (s snapshot) end(ctx context.Context, order *contract.Order, id string) error {
	status, err := s.starter.Get(ctx, order.Person, id)
	switch {
	case err != nil:
		return err
	case status.State == contract.StateEnded:
		return nil
	case status.State == contract.StatePending || status.State == contract.StateScheduled:
		_, err = s.starter.Cancel(ctx, order.Person, id, order.Reason)
	default:
		_, err = s.starter.Revoke(ctx, order.Person, id, order.Reason)
	}
	return err
}
