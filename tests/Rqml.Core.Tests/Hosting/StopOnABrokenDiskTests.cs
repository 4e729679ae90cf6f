namespace Rqml.Core.Tests.Hosting;

public sealed class StopOnABrokenDiskTests
{
    [Fact]
    public async Task A_disk_that_fails_at_the_stop_leaves_nothing_open()
    {
        var (main, further) = (new KeptStore(), new KeptStore());
        var host = await TestHost.StartAsync(Configure);
        main.Break();
        further.Break();
        await TestStep.Of("the stop", host.StopAsync());
        await host.DisposeAsync();

        await using var again = await TestHost.StartAsync(Configure);      // an open store would be in use
        Assert.Equal("x", (await TestHost.Step("completion", (await again.Client.SubmitAsync(Words.Class, "x")).Completion)).Artifact);

        void Configure(IRqmlBuilder rqml) => rqml.UseStore("main", _ => main).AddNode("b", node => node.UseStore("further", _ => further)).AddWords(Words.Echo);
    }
}
