using Rqml.ChatServer;
using Rqml.Testing;

namespace Rqml.Extensions.AI.Tests;

/// <summary>Whoever wants to see an answer grow does, and holds nobody up.</summary>
public sealed class PartialTextTests
{
    [Fact]
    public async Task A_listener_hears_of_each_answer_as_it_grows_and_of_its_end()
    {
        var (heard, ended) = (new List<ChatText>(), new TaskCompletionSource());
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir or Madam"));
        await service.Model<string>(chat => chat.OnText = Listen).RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None);
        await Step.Of("the end", ended.Task);

        Assert.Equal(("Dear Sir or Madam", true, 1), (heard[^1].Text, heard[^1].IsComplete, heard[^1].Pass.Iteration));
        Assert.All(heard.Zip(heard.Skip(1)), pair => Assert.StartsWith(pair.First.Text, pair.Second.Text, StringComparison.Ordinal));
        Assert.Single(heard, text => text.IsComplete);

        void Listen(ChatText text)
        {
            heard.Add(text);
            if (text.IsComplete) ended.SetResult();
        }
    }

    [Fact]
    public async Task A_listener_that_is_slow_or_throws_holds_no_pass_up_and_hears_of_the_end_all_the_same()
    {
        using var gate = new ManualResetEventSlim();
        var (first, ended, times) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously), 0);
        await using var service = await Service.StartAsync(ChatReply.Say("Dear Sir or Madam"));
        var made = await Step.Of("the pass, whose listener is stuck", service.Model<string>(chat => chat.OnText = Listen).RefineAsync(PassContext.First(Drafts.Text, "a letter"), CancellationToken.None).AsTask());
        Assert.Equal("Dear Sir or Madam", made.Artifact);
        await Step.Of("the first text", first.Task);
        gate.Set();
        Assert.Equal("Dear Sir or Madam", await Step.Of("the last text", ended.Task));
        Assert.InRange(times, 1, 2);

        void Listen(ChatText text)
        {
            times++;
            first.TrySetResult();
            gate.Wait();
            if (text.IsComplete) ended.SetResult(text.Text);
            throw new InvalidOperationException("The listener stumbled.");
        }
    }
}
