using Microsoft.Extensions.Options;
using Rqml.Storage;

namespace Rqml.Core.Tests.Hosting;

public sealed class OptionsTests
{
    [Fact]
    public async Task All_faults_of_options_builder_nodes_and_classes_are_named_at_once()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(rqml => rqml
            .Configure(options => (options.Lanes, options.MaxOpenTasks, options.AgeEvery) = (0, 0, TimeSpan.Zero))
            .AddNode("no good name").AddNode("b", node => node.Lanes(0)).AddNode("local")
            .JoinScheduler("nowhere")
            .AddTaskClass(Words.Class, words => words.Limit(iterations: 0, artifactBytes: 0).AcceptAt(2))
            .AddTaskClass(new TaskClass<string, string>("words"), words => words.AddModel("model", Words.Echo))));

        foreach (var fault in (string[])["RqmlOptions.Lanes", "RqmlOptions.MaxOpenTasks", "RqmlOptions.AgeEvery", "AddNode(name) is 'no good name'", "AddNode('b'): Lanes", "AddNode(name) is 'local'",
            "JoinScheduler(address) is 'nowhere'", "Limit(iterations)", "Limit(artifactBytes)", "AcceptAt", "'words' has no model", "is registered twice"])
        {
            Assert.Single(error.Failures, failure => failure.Contains(fault, StringComparison.Ordinal));
        }

        Assert.Equal(12, error.Failures.Count());
    }

    [Fact]
    public async Task Add_twice_is_harmless_and_a_second_store_is_refused_with_both_named()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).AddWords(Words.Count).AddNode("twice").AddNode("twice"));
        Assert.Equal("a", (await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion)).Artifact);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(rqml => rqml
            .UseStore("first", _ => new InMemoryKeyValueStore()).UseStore("second", _ => new InMemoryKeyValueStore())));
        Assert.Contains("'first' was chosen before 'second'", error.Message, StringComparison.Ordinal);
    }
}
