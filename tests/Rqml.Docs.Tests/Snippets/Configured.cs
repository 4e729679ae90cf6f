using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using static Rqml.Docs.Tests.Snippets.SquareRoots;

namespace Rqml.Docs.Tests.Snippets;

[Collection(Workplace.OneAtATime)]
public sealed class Configured : IDisposable
{
    private readonly Workplace _workplace = new();

    public void Dispose() => _workplace.Dispose();

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_host_takes_its_options_from_its_configuration()
    {
        var path = Path.Combine(_workplace.Folder, "elsewhere");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Rqml:Lanes", "3"), new("Rqml:Heartbeat", "00:00:00.500"), new("Rqml:Events:SpikeZ", "9"), new("Rqml:Store:Path", path)]);
        #region snippet
        builder.Services.AddRqml(builder.Configuration.GetSection("Rqml"), rqml => rqml      // Rqml:Lanes, Rqml:Events:SpikeZ, …
            .AddTaskClass(SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .UseRocksDb("data/rqml", store => builder.Configuration.GetSection("Rqml:Store").Bind(store)));      // Rqml:Store:Path, …
        #endregion
        using var host = builder.Build();
        await host.StartAsync();
        var options = host.Services.GetRequiredService<IOptions<RqmlOptions>>().Value;
        await host.StopAsync();

        Assert.Equal((3, TimeSpan.FromMilliseconds(500), 9.0), (options.Lanes, options.Heartbeat, options.Events.SpikeZ));
        Assert.True(Directory.Exists(path));
    }
}
