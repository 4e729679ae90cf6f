using System.Text.Json;
using Rqml.ChatServer;
using Rqml.Testing;

namespace Rqml.Extensions.AI.Tests;

/// <summary>What a chat client says becomes an artifact, or a failure that says why it did not.</summary>
public sealed class AnswerTests
{
    public static TheoryData<bool> Ways => [true, false];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_text_is_the_artifact_as_the_client_wrote_it(bool streaming)
    {
        await using var service = await Service.StartAsync(ChatReply.Say(" Dear Sir,\nI remain  yours. \n"));
        var made = await service.Model<string>(chat => chat.Streaming = streaming).RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None);
        Assert.Equal(" Dear Sir,\nI remain  yours. \n", made.Artifact);
        Assert.Equal(streaming, service.Server.Requests.Single().Streams);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_type_is_asked_for_by_its_schema_and_read(bool streaming)
    {
        await using var service = await Service.StartAsync(ChatReply.Say("""{"salutation": "Dear Sir", "lines": 3}"""));
        var made = await service.Model<Letter>(chat => chat.Streaming = streaming).RefineAsync(PassContext.First(Drafts.Letters, "a letter"), CancellationToken.None);
        Assert.Equal(new Letter("Dear Sir", 3), made.Artifact);
        var schema = service.Server.Requests.Single().Schema!.Value;
        Assert.Equal("object", schema.GetProperty("type").GetString());
        Assert.Equal(["salutation", "lines"], schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public async Task What_is_no_object_is_asked_for_inside_of_one()
    {
        await using var service = await Service.StartAsync(ChatReply.Say("""{"answer": 1.5}"""));
        var made = await service.Model<double>().RefineAsync(PassContext.First(Drafts.Numbers, "a number"), CancellationToken.None);
        Assert.Equal(1.5, made.Artifact);
        Assert.True(service.Server.Requests.Single().Schema!.Value.GetProperty("properties").TryGetProperty("answer", out _));
    }

    [Fact]
    public async Task Fences_around_JSON_are_taken_off()
    {
        await using var service = await Service.StartAsync(ChatReply.Say("```json\n{\"salutation\": \"Dear Sir\", \"lines\": 3}\n```"));
        var made = await service.Model<Letter>().RefineAsync(PassContext.First(Drafts.Letters, "a letter"), CancellationToken.None);
        Assert.Equal(new Letter("Dear Sir", 3), made.Artifact);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_read_is_asked_for_again_with_what_was_wrong()
    {
        await using var service = await Service.StartAsync(
            ChatReply.Say("Dear Sir!") with { InputTokens = 100, OutputTokens = 10 }, ChatReply.Say("""{"salutation": "Dear Sir", "lines": 3}""") with { InputTokens = 200, OutputTokens = 20 });
        var made = await service.Model<Letter>(chat => chat.Price = new ChatPrice(10_000, 1_000_000)).RefineAsync(PassContext.First(Drafts.Letters, "a letter"), CancellationToken.None);

        Assert.Equal(new Letter("Dear Sir", 3), made.Artifact);
        Assert.Equal((1 + 10) + (2 + 20), made.Cost!.Value, 9);
        var repair = service.Server.Requests[1].Messages;
        Assert.Equal(("assistant", "Dear Sir!"), (repair[^2].Role, repair[^2].Text));
        Assert.StartsWith("That cannot be read.", repair[^1].Text, StringComparison.Ordinal);
        Assert.Contains("salutation", repair[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_its_type_refuses_is_as_unreadable_as_a_bracket_that_is_missing()
    {
        await using var service = await Service.StartAsync(
            ChatReply.Say("""{"grams": -7}""") with { InputTokens = 100, OutputTokens = 0 }, ChatReply.Say("""{"grams": 7}""") with { InputTokens = 100, OutputTokens = 0 });
        var made = await service.Model<Weight>(chat => chat.Price = new ChatPrice(10_000, 0)).RefineAsync(PassContext.First(new TaskClass<string, Weight>("weights"), "a stone"), CancellationToken.None);
        Assert.Equal((7, 2.0), (made.Artifact!.Grams, made.Cost));

        await using var stubborn = await Service.StartAsync(ChatReply.Say("""{"grams": -7}"""));
        var failure = await Assert.ThrowsAsync<UnusableAnswerException>(async () => await stubborn.Model<Weight>().RefineAsync(PassContext.First(new TaskClass<string, Weight>("weights"), "a stone"), CancellationToken.None));
        Assert.Equal("it makes no Weight (ArgumentOutOfRangeException)", failure.Fault);
    }

    [Theory]
    [InlineData("Dear secret Sir!", "it is no JSON of the type Letter, from line 1, byte 1 on")]
    [InlineData("""{"salutation": "secret"}""", "it is no JSON of the type Letter, from line 1, byte 25 on")]
    [InlineData("""{"salutation": null, "lines": 3}""", "it is no JSON of the type Letter, from line 1, byte 20 on")]
    [InlineData("null", "it is null")]
    public async Task An_answer_that_stays_unreadable_fails_with_what_it_cost_and_nothing_of_it_in_the_message(string said, string fault)
    {
        await using var service = await Service.StartAsync(ChatReply.Say(said) with { InputTokens = 100, OutputTokens = 0 });
        var refine = service.Model<Letter>(chat => (chat.Price, chat.RepairTurns) = (new ChatPrice(10_000, 0), 2)).RefineAsync(PassContext.First(Drafts.Letters, "a letter"), CancellationToken.None);
        var failure = await Assert.ThrowsAsync<UnusableAnswerException>(async () => await refine);

        Assert.Equal((fault, 3), (failure.Fault, service.Server.Requests.Count));
        Assert.Equal(3, failure.Cost!.Value, 9);
        Assert.Equal($"The answer of 'small' is of no use: {fault}.", failure.Message);
    }

    [Theory]
    [InlineData("Dear", "length", "it was cut at the limit of tokens")]
    [InlineData("Dear", "content_filter", "a content filter withheld it")]
    [InlineData(" ", "stop", "it is empty")]
    public async Task An_answer_that_is_cut_withheld_or_empty_is_not_asked_for_again(string said, string finish, string fault)
    {
        await using var service = await Service.StartAsync(ChatReply.Say(said) with { Finish = finish });
        var failure = await Assert.ThrowsAsync<UnusableAnswerException>(async () => await service.Model<string>().RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None));
        Assert.Equal((fault, 1), (failure.Fault, service.Server.Requests.Count));
    }

    [Fact]
    public async Task A_pass_says_the_task_the_answer_so_far_and_the_round()
    {
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir"));
        await service.Model<string>().RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None);
        await service.Model<string>(chat => chat.Instructions = "Write as a pirate.").RefineAsync(PassContext.Later(Drafts.Text, "a letter", "Ahoy"), CancellationToken.None);

        var (first, later) = (service.Server.Requests[0].Messages, service.Server.Requests[1].Messages);
        Assert.Equal(["system", "user"], first.Select(message => message.Role));
        Assert.Equal("# Task\na letter\n\n# Round 1\nWrite the first answer.", first[1].Text);
        Assert.Equal("Write as a pirate.", later[0].Text);
        Assert.StartsWith("# Task\na letter\n\n# Answer so far\nAhoy\n\n# Round ", later[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_and_whatever_else_the_host_says_reach_the_service()
    {
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir"));
        await service.Model<string>(chat =>
        {
            (chat.MaxOutputTokens, chat.Temperature) = (77, 0.5);
            chat.Configure = call => call.Seed = 4_711;
        }).RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None);
        var body = service.Server.Requests.Single().Body;
        Assert.Equal((0.5, 4_711), (body.GetProperty("temperature").GetDouble(), body.GetProperty("seed").GetInt32()));
        Assert.Contains(body.EnumerateObject(), property => property.Name.StartsWith("max_", StringComparison.Ordinal) && property.Value.ValueKind == JsonValueKind.Number && property.Value.GetInt32() == 77);
    }

    public sealed record Weight
    {
        public Weight(int grams)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(grams);
            Grams = grams;
        }

        public int Grams { get; }
    }
}
