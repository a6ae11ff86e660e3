// go-amqp, AMQP 1.0: a strict peer. Settle modes, outcomes, credit, drain, errors of links, large messages.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Azure/go-amqp"
)

const (
	waitTime = 15 * time.Second
	// Long enough for what would come by mistake.
	quietTime = 300 * time.Millisecond
)

var (
	port  string
	run   = fmt.Sprintf("%x", time.Now().UnixNano())
	names = 0
)

func main() {
	port = os.Args[1]
	tests := []struct {
		name string
		test func()
	}{
		{"logins", logins},
		{"senderModes", senderModes},
		{"pipelined", pipelined},
		{"receiverSecond", receiverSecond},
		{"outcomes", outcomes},
		{"credit", credit},
		{"drain", drain},
		{"selector", selector},
		{"browser", browser},
		{"dynamic", dynamic},
		{"durable", durable},
		{"fields", fields},
		{"largeMessages", largeMessages},
		{"manyLinks", manyLinks},
		{"linkErrors", linkErrors},
	}
	for _, each := range tests {
		if len(os.Args) < 3 || slices.Contains(os.Args[2:], each.name) {
			each.test()
		}
	}
}

func check(name string, condition bool) {
	if condition {
		fmt.Println("ok   go-amqp", name)
		return
	}
	fmt.Println("FAIL go-amqp", name)
	os.Exit(1)
}

func must[T any](value T, err error) T {
	succeeds(err)
	return value
}

func succeeds(err error) {
	if err != nil {
		panic(err)
	}
}

func within(limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	context.AfterFunc(ctx, cancel)
	return ctx
}

func soon() context.Context {
	return within(waitTime)
}

func connect(user, password, container string) (*amqp.Conn, error) {
	return amqp.Dial(soon(), "amqp://127.0.0.1:"+port, &amqp.ConnOptions{
		SASLType:    amqp.SASLTypePlain(user, password),
		ContainerID: container,
	})
}

func session(conn *amqp.Conn) *amqp.Session {
	return must(conn.NewSession(soon(), nil))
}

func open() (*amqp.Conn, *amqp.Session) {
	conn := must(connect("admin", "admin", ""))
	return conn, session(conn)
}

func queue() string {
	names++
	return fmt.Sprintf("queue://go.%s.%d", run, names)
}

func durableMessage(body string) *amqp.Message {
	message := amqp.NewMessage([]byte(body))
	message.Header = &amqp.MessageHeader{Durable: true}
	return message
}

func send(to *amqp.Sender, bodies ...string) {
	for _, body := range bodies {
		succeeds(to.Send(soon(), durableMessage(body), nil))
	}
}

func next(from *amqp.Receiver) *amqp.Message {
	return must(from.Receive(soon(), nil))
}

func nothingFrom(from *amqp.Receiver) bool {
	_, err := from.Receive(within(quietTime), nil)
	return errors.Is(err, context.DeadlineExceeded)
}

func accept(from *amqp.Receiver, message *amqp.Message) string {
	succeeds(from.AcceptMessage(soon(), message))
	return string(message.GetData())
}

func deliveryCount(message *amqp.Message) uint32 {
	if message.Header == nil {
		return 0
	}
	return message.Header.DeliveryCount
}

func numbers(count int) []string {
	texts := make([]string, count)
	for index := range texts {
		texts[index] = fmt.Sprint(index)
	}
	return texts
}

func logins() {
	conn, _ := open()
	properties := conn.Properties()
	check("the broker says who it is", properties["product"] != nil && properties["version"] != nil)
	succeeds(conn.Close())
	_, err := connect("admin", "wrong", "")
	check("a wrong password is refused", err != nil && strings.Contains(err.Error(), "SASL"))
}

var senderModesByName = []struct {
	name string
	mode amqp.SenderSettleMode
}{
	{"unsettled", amqp.SenderSettleModeUnsettled},
	{"settled", amqp.SenderSettleModeSettled},
	{"mixed", amqp.SenderSettleModeMixed},
}

// An attach fails in this library if the broker agrees to another mode than was asked for.
func senderModes() {
	conn, s := open()
	defer conn.Close()
	for _, sent := range senderModesByName {
		for _, received := range senderModesByName[:2] {
			address := queue()
			sender := must(s.NewSender(soon(), address, &amqp.SenderOptions{SettlementMode: sent.mode.Ptr()}))
			for index, body := range numbers(30) {
				settled := sent.name == "mixed" && index%2 == 0
				succeeds(sender.Send(soon(), durableMessage(body), &amqp.SendOptions{Settled: settled}))
			}
			receiver := must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{
				Credit:                    5,
				RequestedSenderSettleMode: received.mode.Ptr(),
			}))
			bodies := []string{}
			for range 30 {
				message := next(receiver)
				bodies = append(bodies, string(message.GetData()))
				if received.name == "unsettled" {
					accept(receiver, message)
				}
			}
			check(fmt.Sprintf("sent %s, received %s: in order", sent.name, received.name), slices.Equal(bodies, numbers(30)))
		}
	}
}

func pipelined() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	sender := must(s.NewSender(soon(), address, nil))
	count := 500
	receipts := make([]amqp.SendReceipt, count)
	for index, body := range numbers(count) {
		receipts[index] = must(sender.SendWithReceipt(soon(), durableMessage(body), nil))
	}
	accepted := 0
	for index := range receipts {
		if _, is := must(receipts[index].Wait(soon())).(*amqp.StateAccepted); is {
			accepted++
		}
	}
	check("pipelined: all are accepted", accepted == count)
	receiver := must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{Credit: 100}))
	bodies := []string{}
	for range count {
		bodies = append(bodies, accept(receiver, next(receiver)))
	}
	check("pipelined: all arrive in order", slices.Equal(bodies, numbers(count)))
}

// With the receiver settling second, AcceptMessage returns when the broker has settled.
func receiverSecond() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	second := amqp.ReceiverSettleModeSecond
	// The broker may refuse to be a receiver that settles second: then it says so.
	sender, err := s.NewSender(soon(), address, &amqp.SenderOptions{
		SettlementMode:              amqp.SenderSettleModeUnsettled.Ptr(),
		RequestedReceiverSettleMode: second.Ptr(),
	})
	check("second: the broker settles second if it is asked to", err == nil)
	send(sender, numbers(20)...)
	receiver := must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{
		Credit:         10,
		SettlementMode: second.Ptr(),
	}))
	bodies := []string{}
	for range 20 {
		bodies = append(bodies, accept(receiver, next(receiver)))
	}
	check("second: each is settled by both", slices.Equal(bodies, numbers(20)))
	send(sender, "back")
	succeeds(receiver.ReleaseMessage(soon(), next(receiver)))
	check("second: what is released comes back", accept(receiver, next(receiver)) == "back")
	check("second: nothing is left", nothingFrom(receiver))
}

func outcomes() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	sender := must(s.NewSender(soon(), address, nil))
	receiver := must(s.NewReceiver(soon(), address, nil))
	send(sender, "again")
	message := next(receiver)
	check("no deliveries before the first", deliveryCount(message) == 0)
	succeeds(receiver.ReleaseMessage(soon(), message))
	message = next(receiver)
	check("released is not counted", deliveryCount(message) == 0)
	succeeds(receiver.ModifyMessage(soon(), message, &amqp.ModifyMessageOptions{DeliveryFailed: true}))
	message = next(receiver)
	check("a failed delivery is counted", deliveryCount(message) == 1)
	succeeds(receiver.RejectMessage(soon(), message, &amqp.Error{
		Condition:   "causeway:test",
		Description: "nobody wants it",
	}))
	check("rejected does not come back", nothingFrom(receiver))
	letters := must(s.NewReceiver(soon(), "queue://DLQ", nil))
	check("rejected is a dead letter", accept(letters, next(letters)) == "again")
}

func credit() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	sender := must(s.NewSender(soon(), address, nil))
	send(sender, numbers(10)...)
	receiver := must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{Credit: -1}))
	check("without credit nothing comes", nothingFrom(receiver))
	succeeds(receiver.IssueCredit(3))
	for range 3 {
		accept(receiver, next(receiver))
	}
	check("as many come as were granted", nothingFrom(receiver))
	succeeds(receiver.IssueCredit(2))
	succeeds(receiver.IssueCredit(2))
	bodies := []string{}
	for range 4 {
		bodies = append(bodies, accept(receiver, next(receiver)))
	}
	check("grants add up", slices.Equal(bodies, []string{"3", "4", "5", "6"}) && nothingFrom(receiver))
}

func drain() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	sender := must(s.NewSender(soon(), address, nil))
	send(sender, numbers(3)...)
	receiver := must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{Credit: -1}))
	succeeds(receiver.IssueCredit(100))
	// The library would drain before it grants.
	bodies := []string{accept(receiver, next(receiver))}
	succeeds(receiver.DrainCredit(soon(), nil))
	for message := receiver.Prefetched(); message != nil; message = receiver.Prefetched() {
		bodies = append(bodies, accept(receiver, message))
	}
	check("drain brings what is there", slices.Equal(bodies, numbers(3)))
	send(sender, "late")
	check("and leaves no credit", nothingFrom(receiver))
	succeeds(receiver.IssueCredit(1))
	check("later credit works as before", accept(receiver, next(receiver)) == "late")
	succeeds(receiver.DrainCredit(soon(), nil))
	check("draining nothing ends, too", receiver.Prefetched() == nil)
}

func selector() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	sender := must(s.NewSender(soon(), address, nil))
	for index, body := range numbers(6) {
		message := durableMessage(body)
		message.ApplicationProperties = map[string]any{"number": int64(index), "even": index%2 == 0}
		succeeds(sender.Send(soon(), message, nil))
	}
	receiver := must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{
		Credit:  10,
		Filters: []amqp.LinkFilter{amqp.NewSelectorFilter("even AND number > 0")},
	}))
	check("selector", accept(receiver, next(receiver)) == "2" && accept(receiver, next(receiver)) == "4")
	check("selector: nothing else", nothingFrom(receiver))
	check("selector: is in force", receiver.LinkSourceFilterValue("apache.org:selector-filter:string") == "even AND number > 0")
}

func browser() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	sender := must(s.NewSender(soon(), address, nil))
	send(sender, numbers(5)...)
	for range 2 {
		receiver := must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{
			Credit:                 10,
			SourceDistributionMode: amqp.SourceDistributionModeCopy,
		}))
		bodies := []string{}
		for range 5 {
			bodies = append(bodies, string(next(receiver).GetData()))
		}
		check("a browser sees all and takes none", slices.Equal(bodies, numbers(5)))
		succeeds(receiver.Close(soon()))
	}
}

func dynamic() {
	conn, s := open()
	receiver := must(s.NewReceiver(soon(), "", &amqp.ReceiverOptions{DynamicAddress: true, Credit: 10}))
	check("a dynamic source has an address", receiver.Address() != "")
	other, o := open()
	defer other.Close()
	sender := must(o.NewSender(soon(), receiver.Address(), nil))
	send(sender, "answer")
	check("others send to it", accept(receiver, next(receiver)) == "answer")
	_, err := o.NewReceiver(soon(), receiver.Address(), nil)
	check("others do not read it", condition(err) == amqp.ErrCondUnauthorizedAccess)
	succeeds(conn.Close())
	deadline := time.Now().Add(waitTime)
	for {
		late, err := o.NewSender(soon(), receiver.Address(), nil)
		if err == nil {
			err = late.Send(soon(), amqp.NewMessage([]byte("late")), nil)
		}
		if err != nil {
			break
		}
		if time.Now().After(deadline) {
			check("it ends with its connection", false)
		}
	}
	check("it ends with its connection", true)
}

func durable() {
	container, topic := "go-"+run, "topic://go.news."+run
	options := &amqp.ReceiverOptions{
		Name:               "archive",
		Credit:             10,
		SourceDurability:   amqp.DurabilityUnsettledState,
		SourceExpiryPolicy: amqp.ExpiryPolicyNever,
	}
	first := must(connect("admin", "admin", container))
	must(session(first).NewReceiver(soon(), topic, options))
	succeeds(first.Close())
	writer, w := open()
	defer writer.Close()
	send(must(w.NewSender(soon(), topic, nil)), numbers(3)...)
	second := must(connect("admin", "admin", container))
	defer second.Close()
	receiver := must(session(second).NewReceiver(soon(), topic, options))
	bodies := []string{}
	for range 3 {
		bodies = append(bodies, accept(receiver, next(receiver)))
	}
	check("a durable subscription keeps what comes", slices.Equal(bodies, numbers(3)))
	succeeds(receiver.Close(soon()))
}

func fields() {
	conn, s := open()
	defer conn.Close()
	address := queue()
	to, subject, group, sequence := address, "subject", "group", uint32(7)
	sent := &amqp.Message{
		Header:                &amqp.MessageHeader{Durable: true, Priority: 7, TTL: time.Hour},
		Annotations:           amqp.Annotations{"x-opt-note": int32(-1)},
		Properties:            &amqp.MessageProperties{MessageID: uint64(1) << 60, To: &to, Subject: &subject, GroupID: &group, GroupSequence: &sequence},
		ApplicationProperties: map[string]any{"byte": int8(-1), "ulong": uint64(1) << 63, "uuid": amqp.UUID{1, 2, 3}, "time": time.UnixMilli(1_700_000_000_123).UTC()},
		Data:                  [][]byte{[]byte("one"), []byte("two")},
	}
	succeeds(must(s.NewSender(soon(), address, nil)).Send(soon(), sent, nil))
	receiver := must(s.NewReceiver(soon(), address, nil))
	got := next(receiver)
	accept(receiver, got)
	check("header", got.Header.Durable && got.Header.Priority == 7 && got.Header.TTL > 0 && got.Header.TTL <= time.Hour)
	check("annotation", got.Annotations["x-opt-note"] == int32(-1))
	check("message id of its type", got.Properties.MessageID == uint64(1)<<60)
	check("subject and group", *got.Properties.Subject == subject && *got.Properties.GroupID == group && *got.Properties.GroupSequence == sequence)
	for name, value := range sent.ApplicationProperties {
		arrived := got.ApplicationProperties[name]
		moment, isTime := arrived.(time.Time)
		check("property "+name+" of its type", arrived == value || isTime && moment.Equal(value.(time.Time)))
	}
	check("data sections", len(got.Data) == 2 && string(got.Data[0]) == "one" && string(got.Data[1]) == "two")
	sequenceMessage := &amqp.Message{Sequence: [][]any{{int32(1), "two"}, {nil}}}
	succeeds(must(s.NewSender(soon(), address, nil)).Send(soon(), sequenceMessage, nil))
	got = next(receiver)
	accept(receiver, got)
	check("sequences", len(got.Sequence) == 2 && got.Sequence[0][1] == "two")
}

func largeMessages() {
	conn := must(amqp.Dial(soon(), "amqp://127.0.0.1:"+port, &amqp.ConnOptions{
		SASLType:     amqp.SASLTypePlain("admin", "admin"),
		MaxFrameSize: 512,
	}))
	defer conn.Close()
	large, l := open()
	defer large.Close()
	address := queue()
	sender := must(l.NewSender(soon(), address, nil))
	small := must(session(conn).NewReceiver(soon(), address, &amqp.ReceiverOptions{Credit: 2}))
	body := make([]byte, 300_000)
	for index := range body {
		body[index] = byte(index % 251)
	}
	succeeds(sender.Send(soon(), amqp.NewMessage(body), nil))
	message := next(small)
	check("300,000 bytes in frames of 512", bytes.Equal(message.GetData(), body))
	succeeds(small.AcceptMessage(soon(), message))
	succeeds(small.Close(soon()))
	receiver := must(l.NewReceiver(soon(), address, &amqp.ReceiverOptions{Credit: 2}))
	for _, size := range []int{1 << 20, 8 << 20} {
		body := bytes.Repeat([]byte{1, 2, 3, 4, 5, 6, 7, 8}, size/8)
		succeeds(sender.Send(soon(), amqp.NewMessage(body), nil))
		message := next(receiver)
		check(fmt.Sprint(size, " bytes"), bytes.Equal(message.GetData(), body))
		succeeds(receiver.AcceptMessage(soon(), message))
	}
	check("the broker says how large messages may be", sender.MaxMessageSize() > 0)
}

func manyLinks() {
	conn, _ := open()
	defer conn.Close()
	addresses := []string{}
	receivers := []*amqp.Receiver{}
	for range 4 {
		s := session(conn)
		for range 10 {
			address := queue()
			addresses = append(addresses, address)
			receivers = append(receivers, must(s.NewReceiver(soon(), address, &amqp.ReceiverOptions{Credit: 5})))
		}
	}
	s := session(conn)
	for _, address := range addresses {
		send(must(s.NewSender(soon(), address, nil)), address)
	}
	right := 0
	// The last first: no link waits for another.
	for index := len(receivers) - 1; index >= 0; index-- {
		if accept(receivers[index], next(receivers[index])) == addresses[index] {
			right++
		}
	}
	check("40 receivers of 4 sessions each have their own", right == len(addresses))
}

func condition(err error) amqp.ErrCond {
	var linkError *amqp.LinkError
	if errors.As(err, &linkError) && linkError.RemoteErr != nil {
		return linkError.RemoteErr.Condition
	}
	var amqpError *amqp.Error
	if errors.As(err, &amqpError) {
		return amqpError.Condition
	}
	return ""
}

func linkErrors() {
	conn := must(connect("guest", "guest", ""))
	defer conn.Close()
	s := session(conn)
	_, err := s.NewSender(soon(), "queue://secret.plans", nil)
	check("a sender without permission", condition(err) == amqp.ErrCondUnauthorizedAccess)
	_, err = s.NewReceiver(soon(), "queue://secret.plans", nil)
	check("a receiver without permission", condition(err) == amqp.ErrCondUnauthorizedAccess)
	_, err = s.NewReceiver(soon(), "queue://with.*.wildcard", nil)
	check("a receiver of a queue with a wildcard", err != nil)
	sender := must(s.NewSender(soon(), "", nil))
	to := "queue://secret.plans"
	err = sender.Send(soon(), &amqp.Message{
		Properties: &amqp.MessageProperties{To: &to},
		Data:       [][]byte{[]byte("not allowed")},
	}, nil)
	check("the anonymous relay without permission", condition(err) == amqp.ErrCondUnauthorizedAccess)
	address := queue()
	again := must(s.NewSender(soon(), address, nil))
	send(again, "still")
	receiver := must(s.NewReceiver(soon(), address, nil))
	check("the session goes on", accept(receiver, next(receiver)) == "still")
}
