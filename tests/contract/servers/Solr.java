import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/** A Solr on loopback, which its distribution starts by shell scripts: HOME PORT. */
class Solr {
    public static void main(String[] asked) throws Exception {
        var jetty = new JettyConfig.Builder().setPort(Integer.parseInt(asked[1])).setContext("/solr").useOnlyHttp1(true);
        new JettySolrRunner(asked[0], jetty.build()).start(false);
        Thread.currentThread().join();
    }
}
